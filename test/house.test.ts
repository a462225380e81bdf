import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** The sources, seen from the compiled test. */
const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

const sources = (readdirSync(join(root, 'src'), { recursive: true }) as string[])
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file: file.replaceAll('\\', '/'), text: readFileSync(join(root, 'src', file), 'utf8') }))

/** Which rooms a room may enter. Files at the top are open to all. */
const mayEnter: Record<string, string[]> = {
  main: ['cli'],
  cli: [
    'admin',
    'config',
    'emulator',
    'limiter',
    'oauth',
    'openapi',
    'postman',
    'proxy',
    'redis',
    'servicechannel',
    'telemetry',
    'upstream'
  ],
  proxy: ['servicechannel', 'telemetry', 'upstream'],
  upstream: ['limiter', 'oauth', 'servicechannel', 'telemetry'],
  limiter: ['servicechannel', 'telemetry'],
  oauth: ['servicechannel', 'telemetry'],
  redis: ['limiter', 'oauth'],
  config: ['servicechannel'],
  admin: ['telemetry'],
  telemetry: [],
  servicechannel: [],
  emulator: [],
  openapi: [],
  postman: ['openapi'],
  authorities: [],
  errors: [],
  'header-list': [],
  host: [],
  fingerprint: []
}

/** Files beside the rooms, that enter none. */
const open = ['authorities', 'errors', 'fingerprint', 'header-list', 'host']

/** Which rooms are entered for types alone, so that nothing of them runs there. */
const mayEnterForTypes: Record<string, string[]> = { admin: ['limiter', 'oauth'] }

/** Which packages stay inside which rooms. */
const confined: Record<string, string[]> = {
  fastify: ['proxy', 'admin', 'emulator', 'cli'],
  '@fastify/http-proxy': ['proxy'],
  bottleneck: ['limiter'],
  ioredis: ['redis'],
  undici: ['upstream'],
  '@napi-rs/keyring': ['cli'],
  '@clack/prompts': ['cli'],
  'strip-json-comments': ['config'],
  'lru-cache': ['oauth'],
  oauth4webapi: ['oauth'],
  pino: ['telemetry'],
  'pino-pretty': ['telemetry'],
  'prom-client': ['telemetry'],
  typebox: ['config', 'emulator'],
  'swagger-ui-dist': ['admin'],
  selfsigned: ['emulator']
}

interface Import {
  from: string
  to: string
  typeOnly: boolean
}

const imports: Import[] = sources.flatMap(({ file, text }) =>
  [
    ...text.matchAll(
      /^(?:import|export)\s+(type\s)?[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport(?:\.meta\.resolve)?\('([^']+)'\)/gm
    )
  ].map((match) => ({
    from: file,
    typeOnly: match[1] !== undefined,
    to: match[2] ?? match[3] ?? match[4] ?? ''
  }))
)

const roomOf = (file: string) => file.split('/')[0]?.replace(/\.ts$/, '') ?? ''
const isLocal = ({ to }: Import) => to.startsWith('.')
const targetOf = ({ from, to }: Import) =>
  normalize(join(dirname(from), to))
    .replaceAll('\\', '/')
    .replace(/\.js$/, '.ts')

t.test('every room enters only the rooms it may', async (t) => {
  t.ok(sources.length > 50, 'the sources are found')
  for (const edge of imports.filter(isLocal)) {
    const [from, to] = [roomOf(edge.from), roomOf(targetOf(edge))]
    const allowed =
      from === to ||
      open.includes(to) ||
      (edge.typeOnly && ['config', ...(mayEnterForTypes[from] ?? [])].includes(to)) ||
      mayEnter[from]?.includes(to)
    if (!allowed) t.fail(`${edge.from} imports ${targetOf(edge)}: ${from} may not enter ${to}`)
  }
})

t.test('there is no circle of imports', async (t) => {
  const next = new Map<string, string[]>()
  for (const edge of imports.filter((edge) => isLocal(edge) && !edge.typeOnly)) {
    next.set(edge.from, [...(next.get(edge.from) ?? []), targetOf(edge)])
  }
  const done = new Set<string>()
  const walk = (file: string, path: string[]): void => {
    if (path.includes(file)) t.fail([...path.slice(path.indexOf(file)), file].join(' -> '))
    else if (!done.has(file)) for (const other of next.get(file) ?? []) walk(other, [...path, file])
    done.add(file)
  }
  for (const { file } of sources) walk(file, [])
})

t.test('answers are written in one place, where recordings see them', async (t) => {
  const writers = sources.filter(
    ({ file, text }) =>
      file.startsWith('proxy/') && /\b(?:response|reply|raw)\.(?:writeHead|write|end|send)\(/.test(text)
  )
  t.strictSame(
    writers.map(({ file }) => file),
    ['proxy/tap.ts']
  )
})

t.test('libraries stay in their rooms', async (t) => {
  const used = new Set<string>()
  for (const { from, to } of imports.filter((edge) => !isLocal(edge) && !edge.to.startsWith('node:'))) {
    const name = to
      .split('/')
      .slice(0, to.startsWith('@') ? 2 : 1)
      .join('/')
    used.add(name)
    if (!confined[name]?.includes(roomOf(from))) t.fail(`${from} imports ${to}`)
  }
  t.strictSame([...used].sort(), Object.keys(confined).sort())
})

t.test('who installs the package gets the libraries that are not in the bundle, and no others', async (t) => {
  const { dependencies, optionalDependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8')
  ) as Record<string, Record<string, string>>
  const left = /external = \[(.*)\]/.exec(readFileSync(join(root, 'esbuild.mjs'), 'utf8'))?.[1] ?? ''
  const installed = Object.keys({ ...dependencies, ...optionalDependencies }).sort()
  t.strictSame(installed, [...left.matchAll(/'([^']+)'/g)].map(([, name]) => name).sort())
  t.strictSame(
    Object.keys(confined).filter((name) => !installed.includes(name) && devDependencies?.[name] === undefined),
    [],
    'the rest is here when the bundle is made'
  )
})

t.test('no file is longer than 250 lines, none is a drawer or a barrel, none exports a default', async (t) => {
  for (const { file, text } of sources) {
    if (text.split('\n').length > 251) t.fail(`${file} has ${text.split('\n').length - 1} lines`)
    if (/(^|\/)(index|utils?|helpers?|common|misc)\.ts$/.test(file)) t.fail(`${file}: name the subject instead`)
    if (/^export default/m.test(text)) t.fail(`${file} exports a default`)
  }
})

t.test('only main.ts touches the process', async (t) => {
  for (const { file, text } of sources) {
    if (file !== 'main.ts' && /\bprocess\.[a-z]/.test(text)) t.fail(`${file} reads process.*`)
  }
})

t.test('every relative import names a file that exists', async (t) => {
  const known = new Set(sources.map(({ file }) => file))
  for (const edge of imports.filter(isLocal)) if (!known.has(targetOf(edge))) t.fail(`${edge.from} imports ${edge.to}`)
  t.equal(relative(root, join(root, 'src')), 'src')
})
