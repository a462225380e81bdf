import { resolve } from 'node:path'
import t from 'tap'
import { type Loaded, loadConfig } from '../../src/config/load.js'

const login = { clientId: 'SB.1.a', clientSecret: 'secret', username: 'user', password: 'word' }

function load(argv: string[], env: Record<string, string> = {}, files: Record<string, unknown> = {}): Loaded {
  const readFile = (path: string) => {
    const content = files[path.replaceAll('\\', '/').replace(/^[A-Z]:/, '')]
    if (content === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' })
    return typeof content === 'string' ? content : JSON.stringify(content)
  }
  return loadConfig({ argv, env, readFile, cwd: '/here' })
}

function loaded(...input: Parameters<typeof load>) {
  const result = load(...input)
  if (!result.ok) throw new Error(result.errors.join('\n'))
  return result
}

t.test('without any setting the emulator answers on loopback, and every default is there', async (t) => {
  const { config, origins, warnings } = loaded([])
  t.strictSame(config, {
    listeners: [
      {
        environment: 'emulator',
        host: '127.0.0.1',
        port: 8080,
        access: 'read-write',
        allowedHosts: [],
        allowedOrigins: [],
        allowRemote: false,
        rules: { allow: [], deny: [] },
        priority: 3
      }
    ],
    environments: {},
    tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
    timeouts: { connectSeconds: 10, headersSeconds: 120, bodySeconds: 120, loginSeconds: 30 },
    pool: { connections: 64 },
    queue: { maxCalls: 1000, maxWaitSeconds: 120 },
    admin: { enabled: true, host: '127.0.0.1', port: 8081, allowQuit: false },
    inspector: { enabled: true, maxCalls: 500, maxMegabytes: 32, maxBodyKilobytes: 64 },
    shutdown: { drainSeconds: 25, delaySeconds: 0 },
    log: { level: 'info', format: 'auto' },
    tracing: {},
    emulator: { scenario: 'calm', apiPort: 0, loginPort: 0 },
    redis: { keyPrefix: 'sc-proxy', maxReplicas: 8, safeSharePercent: 25 }
  })
  t.ok(Object.values(origins).every((origin) => origin === 'default'))
  t.strictSame(warnings, [])
  config.listeners[0]?.allowedHosts.push('mine')
  t.strictSame(loaded([]).config.listeners[0]?.allowedHosts, [], 'nobody shares a default')
})

t.test('a flag wins over a variable, a variable over the file, the file over the default, leaf by leaf', async (t) => {
  const files = {
    '/here/config.json': { queue: { maxCalls: 1, maxWaitSeconds: 1 }, pool: { connections: 1 }, log: { level: 'warn' } }
  }
  const env = { SC_PROXY_CONFIG: 'config.json', SC_PROXY_QUEUE_MAX_CALLS: '2', SC_PROXY_QUEUE_MAX_WAIT_SECONDS: '2' }
  const { config, origins } = loaded(['--queue-max-calls', '3'], env, files)
  t.strictSame(config.queue, { maxCalls: 3, maxWaitSeconds: 2 })
  t.strictSame(config.pool, { connections: 1 })
  t.strictSame(config.log, { level: 'warn', format: 'auto' })
  t.match(origins, {
    'queue.maxCalls': '--queue-max-calls',
    'queue.maxWaitSeconds': 'SC_PROXY_QUEUE_MAX_WAIT_SECONDS',
    'pool.connections': 'config.json',
    'log.format': 'default'
  })
})

t.test('--config wins over SC_PROXY_CONFIG', async (t) => {
  const files = { '/here/a.json': { port: 1 }, '/here/b.json': { port: 2 } }
  t.equal(loaded(['--config', 'a.json'], { SC_PROXY_CONFIG: 'b.json' }, files).config.listeners[0]?.port, 1)
})

t.test('an empty variable counts as not set', async (t) => {
  t.equal(loaded([], { SC_PROXY_PORT: '', SC_PROXY_CONFIG: '', SC_PROXY_PASSWORD: '' }).config.listeners[0]?.port, 8080)
})

t.test('of a repeated flag the last counts, and lists add up', async (t) => {
  const { config } = loaded([
    '--port=1',
    '--port=2',
    '--allowed-hosts',
    'a,b',
    '--allowed-hosts=c',
    '--read-only',
    '--no-read-only'
  ])
  t.match(config.listeners[0], { port: 2, allowedHosts: ['a', 'b', 'c'], access: 'read-write' })
})

t.test('booleans are read in every usual form', async (t) => {
  const access = (argv: string[], env = {}) => loaded(argv, env).config.listeners[0]?.access
  for (const flag of ['--read-only', '--read-only=true', '--read-only=1']) t.equal(access([flag]), 'read-only', flag)
  for (const flag of ['--no-read-only', '--read-only=false', '--read-only=0']) {
    t.equal(access([flag], { SC_PROXY_READ_ONLY: '1' }), 'read-write', flag)
  }
  t.equal(access([], { SC_PROXY_READ_ONLY: 'true' }), 'read-only')
  t.equal(access([], { SC_PROXY_READ_ONLY: '0' }), 'read-write')
})

t.test('file names count from the folder of the file that holds them, or from the current one', async (t) => {
  const files = {
    '/etc/sc/config.json': {
      clientId: 'SB.1.a',
      clientSecretFile: 'secret',
      username: 'user',
      passwordFile: '../word'
    },
    '/etc/sc/secret': 'one',
    '/etc/word': 'two',
    '/here/word': 'three'
  }
  const byFile = loaded(['--config', '/etc/sc/config.json'], {}, files)
  t.match(byFile.config.environments.sandbox2?.credentials, { clientSecret: 'one', password: 'two' })
  t.equal(byFile.origins['environments.sandbox2.credentials.password'], 'config.json: passwordFile')
  const byFlag = loaded(['--config', '/etc/sc/config.json', '--password-file', 'word'], {}, files)
  t.equal(byFlag.config.environments.sandbox2?.credentials.password, 'three')
  t.equal(byFlag.origins['environments.sandbox2.credentials.password'], '--password-file')
})

t.test('a secret given higher up wins over a file of secrets below it, which is not even read', async (t) => {
  const files = { '/here/config.json': { ...login, password: undefined, passwordFile: 'missing' } }
  const { config } = loaded(['--config', 'config.json'], { SC_PROXY_PASSWORD: 'other' }, files)
  t.equal(config.environments.sandbox2?.credentials.password, 'other')
})

t.test('of a secret file one closing line break and a byte order mark are dropped, and nothing else', async (t) => {
  for (const [content, secret] of [
    ['\uFEFFword\r\n', 'word'],
    [' wo rd \n\n', ' wo rd \n']
  ] as const) {
    const files = { '/here/config.json': { ...login, password: undefined }, '/here/word': content }
    const { config } = loaded(['--config=config.json', '--password-file=word'], {}, files)
    t.equal(config.environments.sandbox2?.credentials.password, secret)
  }
})

t.test('a byte order mark and $schema in the file are no trouble', async (t) => {
  const files = { '/here/config.json': '\uFEFF{ "$schema": "./schema.json", "port": 5 }' }
  t.equal(loaded(['--config=config.json'], {}, files).config.listeners[0]?.port, 5)
})

t.test('credentials make sandbox2 the default, and production is only ever chosen by name', async (t) => {
  const files = {
    '/here/own.json': login,
    '/here/named.json': { environments: { sandbox2: { credentials: login } } },
    '/here/production.json': { environments: { production: { credentials: login } } }
  }
  const environment = (...argv: string[]) => loaded(argv, {}, files).config.listeners[0]?.environment
  t.equal(environment('--config', 'own.json'), 'sandbox2')
  t.equal(environment('--config', 'named.json'), 'sandbox2')
  t.equal(environment('--config', 'production.json'), 'emulator')
  t.match(loaded(['--config', 'production.json'], {}, files).warnings, [/emulator answers.*production/])
  t.equal(environment('--config', 'production.json', '--environment', 'production'), 'production')
  t.equal(environment('--config', 'own.json', '--environment', 'emulator'), 'emulator')
})

t.test('the built-in environments bring their facts, which the file may change one by one', async (t) => {
  const file = { environments: { sandbox2: { quota: { calls: 20 }, loginUrl: 'https://LOCALHOST:443/' } }, ...login }
  const { config, origins } = loaded(['--config', 'c.json'], {}, { '/here/c.json': file })
  t.strictSame(config.environments.sandbox2, {
    name: 'sandbox2',
    apiUrl: 'https://sb2api.servicechannel.com',
    loginUrl: 'https://localhost',
    quota: { calls: 20, windowSeconds: 60 },
    companyQuota: { calls: 80, windowSeconds: 60 },
    credentials: login
  })
  t.match(origins, {
    'environments.sandbox2.quota.calls': 'c.json',
    'environments.sandbox2.quota.windowSeconds': 'default'
  })
})

t.test('an environment of one’s own has 300 calls in 60 s and no company quota unless it says so', async (t) => {
  const mine = { apiUrl: 'https://a.example:9443', loginUrl: 'https://b.example', credentials: login }
  const { config } = loaded(
    ['--config', 'c.json', '--environment', 'mine'],
    {},
    { '/here/c.json': { environments: { mine } } }
  )
  t.strictSame(config.environments, { mine: { name: 'mine', ...mine, quota: { calls: 300, windowSeconds: 60 } } })
})

t.test('only environments that a listener uses are there, and only their secret files are read', async (t) => {
  const unused = {
    apiUrl: 'https://a.example',
    loginUrl: 'https://b.example',
    caFile: 'missing',
    credentials: { clientSecretFile: 'missing' }
  }
  const { config } = loaded(['--config', 'c.json'], {}, { '/here/c.json': { environments: { unused }, ...login } })
  t.strictSame(Object.keys(config.environments), ['sandbox2'])
})

t.test('credentials without a name belong to the environment of the single listener, others keep theirs', async (t) => {
  const own = { ...login, password: 'of-its-own' }
  const listeners = [{ environment: 'production' }]
  const file = { listeners, environments: { production: { credentials: { ...own, password: undefined } } } }
  const { config } = loaded(
    ['--config', 'c.json'],
    { SC_PROXY_PASSWORD: 'word', SC_PROXY_USERNAME: 'above' },
    { '/here/c.json': file }
  )
  t.match(config.environments.production?.credentials, { username: 'above', password: 'word' })
  const two = {
    listeners: [...listeners, { environment: 'sandbox2', port: 1 }],
    environments: { production: { credentials: own } },
    ...login
  }
  const both = loaded(['--config', 'c.json'], {}, { '/here/c.json': two }).config.environments
  t.equal(both.production?.credentials.password, 'of-its-own')
  t.equal(both.sandbox2?.credentials.password, 'word')
})

t.test('short settings override the only listener, unless the list comes from further up', async (t) => {
  const files = {
    '/here/c.json': { listeners: [{ environment: 'emulator', port: 1, access: 'read-only', host: '127.0.0.5' }] }
  }
  t.match(loaded(['--config', 'c.json', '--port', '2'], {}, files).config.listeners, [
    { port: 2, access: 'read-only', host: '127.0.0.5' }
  ])
  t.match(loaded(['--config', 'c.json', '--no-read-only'], {}, files).config.listeners, [
    { port: 1, access: 'read-write' }
  ])
  t.match(loaded(['--listeners', '[{ "port": 3 }]'], { SC_PROXY_PORT: '4' }).config.listeners, [{ port: 3 }])
})

t.test('a list of listeners further up replaces the one below as a whole', async (t) => {
  const files = {
    '/here/c.json': {
      listeners: [
        { environment: 'emulator', port: 1, priority: 7 },
        { environment: 'emulator', port: 2 }
      ]
    }
  }
  const { config, origins } = loaded(['--config', 'c.json', '--listeners', '[{ "port": 3 }]'], {}, files)
  t.match(config.listeners, [{ port: 3, priority: 3 }])
  t.equal(config.listeners.length, 1)
  t.equal(origins['listeners[0].port'], '--listeners')
})

/** Sandbox2: something that a forward proxy may be needed for. */
const remote = {
  SC_PROXY_CLIENT_ID: login.clientId,
  SC_PROXY_CLIENT_SECRET: login.clientSecret,
  SC_PROXY_USERNAME: login.username,
  SC_PROXY_PASSWORD: login.password
}

t.test('HTTPS_PROXY and NO_PROXY count where nothing of ours speaks', async (t) => {
  const env = { HTTPS_PROXY: 'corporate.example:3128', NO_PROXY: 'localhost', ...remote }
  const { config, origins } = loaded([], env)
  t.match(config, { upstreamProxy: 'http://corporate.example:3128', noProxy: /^localhost/ })
  t.match(origins, { upstreamProxy: 'HTTPS_PROXY', noProxy: 'NO_PROXY' })
  t.match(loaded([], { ...env, https_proxy: 'http://small.example' }).origins, { upstreamProxy: 'https_proxy' })
  const files = { '/here/c.json': { upstreamProxy: 'http://file.example', ...login } }
  t.equal(
    loaded(['--config', 'c.json'], { HTTPS_PROXY: 'socks5://unusable' }, files).config.upstreamProxy,
    'http://file.example'
  )
})

t.test('a proxy for the whole machine is not asked for the machine itself, unless it was named for us', async (t) => {
  const thisMachine = ['localhost', '127.0.0.1', '[::1]']
  const exempt = (...input: Parameters<typeof load>) => loaded(...input).config.noProxy?.split(',')
  const env = { HTTPS_PROXY: 'http://corporate.example:3128', ...remote }
  t.strictSame(exempt([], env), thisMachine)
  t.equal(loaded([], env).origins.noProxy, 'HTTPS_PROXY')
  t.strictSame(exempt([], { ...env, NO_PROXY: 'a.example,b.example' }), ['a.example', 'b.example', ...thisMachine])
  t.equal(loaded([], { ...env, NO_PROXY: 'a.example' }).origins.noProxy, 'NO_PROXY')
  t.strictSame(exempt(['--no-proxy', 'a.example'], env), ['a.example', ...thisMachine])
  t.equal(loaded(['--no-proxy', 'a.example'], env).origins.noProxy, '--no-proxy')
  t.equal(exempt(['--upstream-proxy', 'http://127.0.0.1:8888']), undefined)
  const named = ['--upstream-proxy', 'http://127.0.0.1:8888']
  t.strictSame(exempt(named, { ...remote, NO_PROXY: 'a.example' }), ['a.example'])
  t.strictSame(exempt([...named, '--no-proxy', 'a.example'], env), ['a.example'])
})

t.test('where nothing goes beyond this machine, a proxy for the whole machine is not even looked at', async (t) => {
  const files = { '/here/c.json': { listeners: [{ environment: 'emulator' }, { environment: 'emulator', port: 1 }] } }
  for (const HTTPS_PROXY of ['socks5://a.example', 'http://a.example:99999', 'http://good.example']) {
    for (const argv of [[], ['--config', 'c.json']]) {
      const { config, origins } = loaded(argv, { HTTPS_PROXY, NO_PROXY: 'a.example' }, files)
      t.strictSame([config.upstreamProxy, config.noProxy, origins.upstreamProxy], [undefined, undefined, undefined])
    }
    t.equal(loaded(['--environment', 'emulator'], { HTTPS_PROXY, ...remote }).config.upstreamProxy, undefined)
  }
  const command = { name: 'emulate', settings: ['config', 'emulator'] }
  const emulating = loadConfig({ argv: [], env: { HTTPS_PROXY: 'socks5://a.example', ...remote }, command })
  t.match(emulating, { ok: true }, 'a command that calls nobody')
})

t.test('files named in a configuration file lie beside it, whatever they are for', async (t) => {
  const files = { '/there/c.json': { emulator: { scenario: 'mine/stormy.json', writeCa: 'ca.pem' } } }
  const { emulator } = loaded(['--config', '/there/c.json'], {}, files).config
  t.match(emulator, { scenario: resolve('/there/mine/stormy.json'), writeCa: resolve('/there/ca.pem') })
  const named = { '/there/c.json': { emulator: { scenario: 'throttled' } } }
  t.equal(loaded(['--config', '/there/c.json'], {}, named).config.emulator.scenario, 'throttled', 'a name is no file')
  const byFlag = loaded(['--config', '/there/c.json', '--emulator-scenario', 'stormy.json'], {}, files).config.emulator
  t.equal(byFlag.scenario, resolve('/here/stormy.json'))
  const byVariable = loaded([], { SC_PROXY_EMULATOR_SCENARIO: './stormy' }).config.emulator
  t.equal(byVariable.scenario, resolve('/here/stormy'))
})

t.test('a CA for all serves every environment, besides the one it names itself', async (t) => {
  const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`
  const mine = { apiUrl: 'https://a.example', loginUrl: 'https://b.example', caFile: 'own', credentials: login }
  const file = {
    listeners: [{ environment: 'mine' }, { environment: 'sandbox2', port: 1 }],
    environments: { mine },
    ...login
  }
  const files = { '/here/c.json': file, '/here/own': pem('own'), '/here/all': pem('all') }
  const { config, origins } = loaded(['--config', 'c.json', '--ca-file', 'all'], {}, files)
  const { environments } = config
  t.match(environments.mine?.ca, /own/)
  t.match(environments.mine?.ca, /all/)
  t.equal(origins['environments.mine.ca'], 'c.json: environments.mine.caFile and --ca-file')
  t.match(environments.sandbox2?.ca, /all/)
  t.notMatch(environments.sandbox2?.ca, /own/)
})
