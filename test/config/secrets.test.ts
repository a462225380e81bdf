import { basename } from 'node:path'
import t from 'tap'
import { config as configCommand } from '../../src/cli/config.js'
import type { ReadFile } from '../../src/config/files.js'
import { loadConfig } from '../../src/config/load.js'
import { processWith } from './process.js'

const canary = 'Canary-7f3a!'
const login = { clientId: 'SB.1.a', clientSecret: `${canary}1`, username: 'user', password: `${canary}2` }
const own = { apiUrl: 'https://a.example', loginUrl: 'https://b.example', credentials: login }

const everywhere = (file: unknown, argv: string[] = [], env: Record<string, string> = {}) => {
  const text = typeof file === 'string' ? file : JSON.stringify(file)
  const readFile = (path: string) => (path.endsWith('config.json') ? text : `${canary}3\n`)
  return loadConfig({ argv: ['--config', 'config.json', ...argv], env, readFile, cwd: '/here' })
}

t.test('no error and no warning ever repeats a secret', async (t) => {
  const cases: [string, unknown, string[]?, Record<string, string>?][] = [
    ['a secret as a flag', {}, ['--client-secret', canary]],
    ['a secret as a flag with an equals sign', {}, [`--password=${canary}`]],
    ['a secret that looks like a flag', {}, ['--password', `--${canary}`]],
    ['a secret of two words', {}, ['--password', 'x', canary]],
    ['a mistyped secret flag', {}, ['--pasword', canary]],
    ['a mistyped secret flag with an equals sign', {}, [`--pasword=${canary}`]],
    ['a word on its own', {}, [canary]],
    ['short flags', {}, [`-p${canary}`]],
    ['a user in the proxy flag', {}, ['--upstream-proxy', `http://user:${canary}@a.example`]],
    ['a user in a proxy flag that is wrong besides', {}, ['--upstream-proxy', `http://user:${canary}@a.example/path`]],
    ['a user in a proxy variable that is wrong', login, [], { HTTPS_PROXY: `http://user:${canary}@a.example:99999` }],
    ['a user in a socks proxy', login, [], { HTTPS_PROXY: `socks5://user:${canary}@a.example` }],
    ['a secret in a JSON flag', {}, ['--environments', JSON.stringify({ mine: own })]],
    ['a client key in a JSON flag', {}, ['--listeners', JSON.stringify([{ clientKey: canary }])]],
    ['a secret in a JSON flag that is broken', {}, ['--environments', `{ "sandbox2": { "password": "${canary}" x`]],
    ['a secret in a variable that is broken', {}, [], { SC_PROXY_ENVIRONMENTS: `{ "password": "${canary}` }],
    ['a secret in a file that is broken', `{ "password": "${canary}", }`],
    ['a secret right where a file is broken', `{ "password": ${canary} }`],
    ['a secret of the wrong kind', { ...login, password: [canary] }],
    ['a secret beside a file', { ...login, passwordFile: 'x' }],
    [
      'a secret where an address belongs',
      { environments: { mine: { ...own, apiUrl: `https://user:${canary}@a.example` } } }
    ],
    ['a secret under a mistyped key', { ...login, pasword: canary }],
    [
      'secrets beside other errors',
      { ...login, clientKey: canary, port: 'x', host: '0.0.0.0', log: { level: canary } }
    ],
    [
      'secrets nobody uses',
      { ...login, listeners: [{ environment: 'emulator' }, { environment: 'emulator', port: 1 }] }
    ],
    ['a variable that is unknown', {}, ['--x'], { SC_PROXY_PASWORD: canary }]
  ]
  for (const [name, file, argv, env] of cases) {
    const loaded = everywhere(file, argv, env)
    const said = [...loaded.warnings, ...(loaded.ok ? [] : loaded.errors)].join('\n')
    t.not(said, '', `${name} is spoken about`)
    t.notMatch(said, canary, name)
    t.notMatch(said, encodeURIComponent(canary), name)
  }
})

t.test('a secret on the command line is refused with what to use instead', async (t) => {
  const errors = (...argv: string[]) => {
    const loaded = everywhere({}, argv)
    return loaded.ok ? [] : loaded.errors
  }
  t.match(errors('--client-secret', 'x'), [
    /^--client-secret is a secret .* use SC_PROXY_CLIENT_SECRET, --client-secret-file or the configuration file$/
  ])
  t.match(errors('--password'), [/^--password is a secret/])
  t.match(errors('--listeners', '[{ "clientKey": "x" }]'), [
    /^--listeners: listeners\[0\].clientKey is a secret .* use SC_PROXY_LISTENERS, listeners\[0\].clientKeyFile or/
  ])
  t.match(errors('--upstream-proxy', 'http://u:p@a.example'), [
    /^--upstream-proxy must not hold a user name or a password .* SC_PROXY_UPSTREAM_PROXY/
  ])
})

t.test('a proxy with a user may come from a variable or the file', async (t) => {
  const upstreamProxy = 'http://user:word@a.example:3128'
  for (const loaded of [
    everywhere({ upstreamProxy }),
    everywhere({}, [], { SC_PROXY_UPSTREAM_PROXY: upstreamProxy })
  ]) {
    t.match(loaded, { ok: true, config: { upstreamProxy } })
  }
})

t.test('sc-proxy config shows that secrets are set, and none of them', async (t) => {
  const folder = t.testdir({
    'config.json': JSON.stringify({
      listeners: [
        { environment: 'mine', clientKeyFile: 'key' },
        { environment: 'sandbox2', port: 1 }
      ],
      environments: {
        mine: { ...own, caFile: 'ca' },
        sandbox2: { credentials: { ...login, password: undefined, passwordFile: 'key' } }
      },
      upstreamProxy: `http://user:p@${canary}@a.example`
    }),
    key: canary,
    ca: `-----BEGIN CERTIFICATE-----\n${canary}\n-----END CERTIFICATE-----\n`
  })
  for (const argv of [[], ['--json']]) {
    const { process, stdout, stderr } = processWith({ cwd: folder })
    t.equal(await configCommand.run(process, [...argv, '--config', 'config.json']), 0)
    t.equal(stderr(), '')
    t.notMatch(stdout(), canary)
    t.notMatch(stdout(), encodeURIComponent(canary))
    t.equal(stdout().match(/\(set, hidden\)/g)?.length, 5)
    t.match(stdout(), 'http://(hidden)@a.example')
  }
})

t.test('a file that Windows PowerShell has written, in UTF-16, is read as what it says', async (t) => {
  const inUtf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
  const files: Record<string, Buffer> = {
    'c.json': inUtf16(JSON.stringify({ clientKeyFile: 'key' })),
    key: inUtf16('wörd\r\n')
  }
  const readFile: ReadFile = (path, encoding = 'utf8') => files[basename(path)]?.toString(encoding) ?? ''
  const loaded = loadConfig({ argv: ['--config', 'c.json'], env: {}, readFile })
  t.match(loaded, { ok: true, config: { listeners: [{ clientKey: 'wörd' }] } })
})
