import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commands } from '../../src/cli/commands.js'
import { folderWith, sc, startApp } from '../cli/app.js'
import { credentials } from '../support/servicechannel.js'

interface Item {
  name: string
  item?: Item[]
  request?: { method: string; body?: { formdata?: { type: string; src?: unknown }[] } }
}

interface Collection {
  info: { name: string }
  auth: object
  item: Item[]
  variable: { key: string; value: string }[]
}

interface Run {
  error: Error | null
  failures: { error: { message: string; test?: string } }[]
  executions: { item: { name: string }; response?: { code: number } }[]
}

t.setTimeout(120_000)

const read = <T>(folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
const collectionFile = 'sc-proxy.postman_collection.json'
const environmentFile = (name: string) => `sc-proxy.${name}.postman_environment.json`

async function write(t: Test, argv: string[], files: Record<string, string> = {}) {
  const folder = folderWith(t, files)
  const { code, out, err } = await sc(commands, ['postman', ...argv], { cwd: folder })
  t.equal(code, 0, err)
  return { folder, out, collection: read<Collection>(folder, collectionFile) }
}

/** Sends every request of a collection, as `newman run` does. */
function newman(collection: object, environment: object): Promise<Run> {
  const { run } = createRequire(import.meta.url)('newman') as {
    run(options: object, done: (error: Error | null, summary: { run: Omit<Run, 'error'> }) => void): void
  }
  return new Promise((resolve) =>
    run({ collection, environment, reporters: [], timeoutRequest: 10_000 }, (error, summary) =>
      resolve({ ...summary.run, error })
    )
  )
}

t.test('Newman runs what is written, through the proxy, against the emulator', async (t) => {
  const { port } = await startApp(t, ['--port', '0', '--admin-port', '0', '--state-dir', 'none'])
  const { folder, collection } = await write(t, ['--port', String(port)])
  // As a person chooses a file in Postman.
  const upload = join(folder, 'leak.txt')
  writeFileSync(upload, 'a picture of it')
  for (const { request } of collection.item.flatMap(({ item = [] }) => item)) {
    for (const field of request?.body?.formdata ?? []) if (field.type === 'file') field.src = upload
  }
  const { error, failures, executions } = await newman(collection, read(folder, environmentFile('emulator')))
  t.equal(error, null)
  t.strictSame(
    failures.map(({ error }) => error.message),
    []
  )
  const broken = new Set(collection.item.find(({ name }) => /fail/.test(name))?.item?.map(({ name }) => name))
  t.ok(executions.length > 30, `${executions.length} requests`)
  for (const { item, response } of executions) {
    const code = response?.code ?? 0
    if (!broken.has(item.name)) t.ok(code >= 200 && code < 300, `${item.name}: ${code}`)
  }
})

t.test('a collection tells when the proxy did not let a request through', async (t) => {
  const { port } = await startApp(t, ['--port', '0', '--admin-port', '0', '--read-only', '--state-dir', 'none'])
  const { folder, collection } = await write(t, ['--port', String(port)])
  const notes = collection.item.filter(({ name }) => name === 'Notes')
  const { failures } = await newman({ ...collection, item: notes }, read(folder, environmentFile('emulator')))
  t.equal(failures.length, 1)
  t.equal(failures[0]?.error.test, 'sc-proxy let it through, which it did not: read_only')
})

t.test('there is an environment for every listener, and none is Production unless chosen', async (t) => {
  const login = {
    clientId: credentials.clientId,
    clientSecret: 'CANARY-secret',
    username: 'robin',
    password: 'CANARY-1'
  }
  const config = {
    listeners: [
      { environment: 'production', port: 8090, access: 'read-only', clientKey: 'CANARY-key' },
      { environment: 'sandbox2', host: '0.0.0.0', port: 8070, allowRemote: true },
      { environment: 'sandbox2', port: 8071, access: 'read-only' }
    ],
    environments: { production: { credentials: login }, sandbox2: { credentials: login } }
  }
  const { folder, out, collection } = await write(t, ['--config', 'config.json'], {
    'config.json': JSON.stringify(config)
  })
  const urlIn = (name: string) =>
    read<{ values: { key: string; value: string }[] }>(folder, environmentFile(name)).values.map(
      ({ key, value }) => `${key}=${value}`
    )
  t.strictSame(urlIn('production'), ['baseUrl=http://localhost:8090', 'clientKey='])
  t.strictSame(urlIn('sandbox2-8070'), ['baseUrl=http://localhost:8070', 'clientKey='])
  t.strictSame(urlIn('sandbox2-8071'), ['baseUrl=http://localhost:8071', 'clientKey='])
  t.match(collection.auth, { type: 'noauth' })
  t.equal(collection.variable.find(({ key }) => key === 'baseUrl')?.value, 'http://localhost:8070')
  for (const name of readdirSync(folder).filter((name) => name.includes('postman'))) {
    t.notMatch(readFileSync(join(folder, name), 'utf8'), /CANARY|robin/, name)
  }
  t.match(out, 'sandbox2-8071')
})

t.test('nothing is replaced unless --force says so, and a folder is made', async (t) => {
  const folder = folderWith(t, {})
  const run = (...more: string[]) => sc(commands, ['postman', '--out', 'a/b', ...more], { cwd: folder })
  t.match(await run('--json'), {
    code: 0,
    out: /^\{"files":\[".*_collection\.json",".*emulator.*"\],"requests":\d+\}\n$/
  })
  const path = join(folder, 'a/b', environmentFile('emulator'))
  writeFileSync(path, 'mine')
  t.match(await run(), { code: 2, out: '', err: /exists already: --force replaces it, --out names another/ })
  t.equal(readFileSync(path, 'utf8'), 'mine')
  t.match(await run('--force'), { code: 0 })
  t.match(readFileSync(path, 'utf8'), 'http://localhost:8080')
})

t.test('what cannot be used is told in one sentence, and nothing is written', async (t) => {
  const folder = folderWith(t, { 'a.yaml': 'openapi: 3.0.0', 'b.json': '{}', 'c.json': '{"swagger":"1.2","paths":{}}' })
  for (const [argv, sentence] of [
    [['--openapi', 'a.yaml'], /a\.yaml is not JSON; .*YAML/],
    [['--openapi', 'b.json'], /b\.json is no description of an API/],
    [['--openapi', 'c.json'], /c\.json is of version "1\.2"/],
    [['--openapi', 'd.json'], /d\.json cannot be read: there is no such file/],
    [['--openapi', 'https://u:CANARY@localhost/'], /--openapi must be the path of a file, or an http/],
    [['--port', '0'], /takes any free port/],
    [['--queue-max-calls', '5'], /--queue-max-calls has no effect on "sc-proxy postman"/]
  ] as const) {
    const { code, out, err } = await sc(commands, ['postman', ...argv], { cwd: folder })
    t.match({ code, out, err }, { code: 2, out: '', err: sentence })
    t.notMatch(err, 'CANARY')
  }
  t.notOk(existsSync(join(folder, collectionFile)))
})
