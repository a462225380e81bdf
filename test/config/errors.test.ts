import fc from 'fast-check'
import t from 'tap'
import { loadConfig } from '../../src/config/load.js'
import { allSettings, insideOf } from '../../src/config/settings.js'

const login = { clientId: 'SB.1.a', clientSecret: 'secret', username: 'user', password: 'word' }
const own = { apiUrl: 'https://a.example', loginUrl: 'https://b.example', credentials: login }

/** The errors of a configuration, and nothing when it is fine. */
function errorsOf(
  file: unknown,
  argv: string[] = [],
  env: Record<string, string> = {},
  files: Record<string, string> = {}
) {
  const text = typeof file === 'string' ? file : JSON.stringify(file)
  const readFile = (path: string) => {
    const name = path.split(/[\\/]/).at(-1) ?? ''
    const content = name === 'config.json' ? text : files[name]
    if (content === undefined) throw Object.assign(new Error('no'), { code: name === 'folder' ? 'EISDIR' : 'ENOENT' })
    return content
  }
  const loaded = loadConfig({ argv: ['--config', 'config.json', ...argv], env, readFile, cwd: '/here' })
  return loaded.ok ? [] : loaded.errors
}

t.test('all errors of all sources come at once, each with its place and what is expected', async (t) => {
  const file = {
    listeners: [
      { environment: 'sandbox2', host: '0.0.0.0', port: 70000 },
      { environment: 'nowhere', acess: 'read-only', port: 1 }
    ],
    queue: { maxCalls: 1.5 },
    log: 'loud',
    environments: {
      mine: { ...own, apiUrl: 'http://a.example' },
      sandbox2: { credentials: { ...login, username: undefined } }
    }
  }
  const env = { SC_PROXY_POOL_CONNECTIONS: 'many', SC_PROXY_ADMIN_ENABLED: 'yes' }
  t.strictSame(errorsOf(file, ['--pot=1', '--log-level', 'loud', 'word', '--tls-min-version=TLSv1.3'], env), [
    '--pot is not a known flag; did you mean --port?',
    'argument 6 belongs to no flag: write --name value or --name=value',
    'config.json: listeners[0].port must be a whole number from 0 to 65535',
    'config.json: listeners[1].acess is not a known setting; did you mean access?',
    'config.json: queue.maxCalls must be a whole number from 1 to 1000000',
    'config.json: log must be an object',
    'config.json: environments.mine.apiUrl must be an https:// origin such as https://api.example.com, without path, query or user name',
    'SC_PROXY_POOL_CONNECTIONS must be a whole number from 1 to 10000',
    'SC_PROXY_ADMIN_ENABLED must be true or false',
    '--log-level must be one of trace, debug, info, warn, error, silent',
    'config.json: listeners[1].environment: there is no environment nowhere; known are emulator, sandbox2, production, mine',
    'config.json: listeners[0].host: other machines can reach 0.0.0.0, and whoever reaches it uses your ServiceChannel login: ask for a client key (listeners[0].clientKey), or say that this is intended (listeners[0].allowRemote)',
    '--tls-min-version: the oldest TLS version, TLSv1.3, must not be newer than tls.maxVersion, TLSv1.2',
    'the environment sandbox2 has no username: set SC_PROXY_USERNAME, or in the configuration file under environments.sandbox2.credentials: username'
  ])
})

t.test('no error follows from another', async (t) => {
  t.strictSame(errorsOf({ port: 'x', admin: { port: 8080 } }).length, 1, 'a port that is no port does not collide')
  t.strictSame(errorsOf({ admin: { host: 1 } }).length, 1, 'a host that is no host is not remote')
  t.strictSame(errorsOf({ ...login, password: 1 }).length, 1, 'a password of the wrong kind is not missing too')
  t.strictSame(
    errorsOf({ ...login, password: undefined, passwordFile: 'gone' }).length,
    1,
    'nor one whose file is gone'
  )
  t.strictSame(errorsOf('{', ['--environment', 'sandbox2']).length, 1, 'what an unreadable file holds is not missing')
  t.strictSame(errorsOf({}, ['--environment', 'sandbox2', '--environments', '{']).length, 1)
})

t.test('a file that is no JSON is reported with line and column', async (t) => {
  t.match(errorsOf('{\n  "port": 1,\n  "host" "x"\n}'), [/^config.json is not JSON \(line 3, column 10\)/])
  t.match(errorsOf('{ "port": 1 } // mine'), [/line 1, column 15/])
  t.match(errorsOf('{ "port": 1, }'), [/line 1, column 14/])
  t.match(errorsOf(''), [/line 1, column 1/])
  t.match(errorsOf('{ "a": "\\x" }'), [/line 1, column 8/])
  t.match(errorsOf('{ "a": [1, tru] }'), [/line 1, column 12/])
  t.match(errorsOf('[]'), ['config.json must be an object'])
  t.match(errorsOf({}, ['--listeners', '[{]']), ['--listeners is not JSON (line 1, column 3)'])
  t.match(errorsOf({}, [], { SC_PROXY_LISTENERS: '[' }), ['SC_PROXY_LISTENERS is not JSON (line 1, column 2)'])
})

t.test('a file that cannot be read is named with the reason, and with who asked for it', async (t) => {
  t.match(errorsOf({}, ['--config', 'gone.json']), [/^--config: .*gone\.json cannot be read: there is no such file$/])
  t.match(errorsOf({}, ['--client-key-file', 'folder']), [
    /^--client-key-file: .*folder cannot be read: it is a folder$/
  ])
  t.match(errorsOf({ clientKeyFile: 'empty' }, [], {}, { empty: '\n' }), [
    /^config.json: clientKeyFile: .*empty is empty$/
  ])
  t.match(errorsOf(login, [], { SC_PROXY_CA_FILE: 'ca' }, { ca: 'nothing' }), [
    /^SC_PROXY_CA_FILE: .*ca holds no PEM certificate/
  ])
  const real = loadConfig({ argv: ['--config', 'surely/not/there.json'], env: {} })
  t.match(real, { ok: false, errors: [/cannot be read: there is no such file/] })
})

t.test('a value and a file for it in one place are one too many', async (t) => {
  t.match(errorsOf({ clientKey: 'a', clientKeyFile: 'b' }, [], {}, { b: 'b' }), [
    /clientKey and config.json: clientKeyFile are both given/
  ])
  t.match(errorsOf({}, [], { SC_PROXY_CLIENT_KEY: 'a', SC_PROXY_CLIENT_KEY_FILE: 'b' }, { b: 'b' }), [
    /^SC_PROXY_CLIENT_KEY and SC_PROXY_CLIENT_KEY_FILE are both given/
  ])
  t.strictSame(errorsOf({ clientKeyFile: 'gone' }, [], { SC_PROXY_CLIENT_KEY: 'a' }), [], 'but not in two places')
})

t.test('flags are refused when unknown, without value, or with one too many', async (t) => {
  t.match(errorsOf({}, ['--que-max-calls', '3']), [
    '--que-max-calls is not a known flag; did you mean --queue-max-calls?'
  ])
  t.match(errorsOf({}, ['--client-secert', 'x']), [/did you mean --client-secret-file\?/])
  t.match(errorsOf({}, ['--nothing-like-it-at-all']), [/^--nothing-like-it-at-all is not a known flag$/])
  t.match(errorsOf({}, ['--port']), ['--port needs a value'])
  t.match(errorsOf({}, ['--port', '--read-only']), ['--port needs a value'])
  t.match(errorsOf({}, ['--port', '-5']), [/^--port must be a whole number/])
  t.match(errorsOf({}, ['--no-read-only=true']), ['--no-read-only takes no value'])
  t.match(errorsOf({}, ['-xyz']), ['argument 3 is not a flag: they begin with --'])
  t.match(errorsOf({}, ['--__proto__=1', '--constructor']), [/__proto__ is not/, /constructor is not/])
})

t.test('unknown variables are a warning with the nearest known one', async (t) => {
  const { warnings } = loadConfig({ argv: [], env: { SC_PROXY_PROT: '1', OTHER: '1' } })
  t.strictSame(warnings, ['SC_PROXY_PROT is not a known variable and has no effect; did you mean SC_PROXY_PORT?'])
})

t.test('unknown keys are refused at every depth', async (t) => {
  t.match(errorsOf({ environments: { mine: { ...own, credentials: { ...login, clientid: 'x' } } } }), [
    'config.json: environments.mine.credentials.clientid is not a known setting; did you mean clientId?'
  ])
  t.match(errorsOf('{ "__proto__": { "port": 1 }, "constructor": 1 }'), [/__proto__ is not/, /constructor is not/])
  t.match(errorsOf('{ "environments": { "__proto__": {} } }'), [/a name that is not made of letters/])
})

t.test('short settings do not say which of several listeners they mean', async (t) => {
  const listeners = [
    { environment: 'emulator', port: 1 },
    { environment: 'emulator', port: 2 }
  ]
  t.strictSame(errorsOf({ listeners, rules: { deny: ['/x'] } }, ['--port', '1'], { SC_PROXY_READ_ONLY: '1' }), [
    '--port is for a single listener, but there are 2: put it into the listener it is meant for',
    'SC_PROXY_READ_ONLY is for a single listener, but there are 2: put it into the listener it is meant for',
    'config.json: rules.deny is for a single listener, but there are 2: put it into the listener it is meant for'
  ])
})

t.test('listeners are a list of at least one, and of several each names its environment', async (t) => {
  t.strictSame(errorsOf({ listeners: [] }), ['config.json: listeners must be a list of at least one listener'])
  t.match(errorsOf({ listeners: {} }), [/at least one listener/])
  t.match(errorsOf({ listeners: [{ environment: 'emulator' }, { port: 1 }] }), [
    'config.json: listeners[1].environment is missing: it must be the name of an environment'
  ])
})

t.test('two listeners never share a port that both can be reached at', async (t) => {
  const two = (a: object, b: object) =>
    errorsOf({
      listeners: [
        { environment: 'emulator', ...a },
        { environment: 'emulator', ...b }
      ],
      admin: { port: 0 }
    }).length
  for (const host of ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::'])
    t.equal(two({ port: 1 }, { port: 1, host }), 1, host)
  t.equal(two({ port: 1, host: '0.0.0.0' }, { port: 1, host: '127.0.0.2' }), 1)
  t.equal(two({ port: 1, host: '127.0.0.2' }, { port: 1 }), 0)
  t.equal(two({ port: 0 }, { port: 0 }), 0)
  t.equal(two({ port: 1 }, { port: 2 }), 0)
  t.strictSame(errorsOf({}, ['--port', '8081']), [
    '--port: the listener and admin cannot both listen on port 8081 of 127.0.0.1'
  ])
  t.match(errorsOf({ admin: { port: 8080 } }), [/^config.json: admin.port: the listener and admin/])
  t.strictSame(errorsOf({}, ['--port', '8081', '--no-admin-enabled']), [])
})

t.test('beyond loopback a listener needs a client key or consent, but not for the emulator', async (t) => {
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com', '::ffff:10.0.0.1']) {
    t.match(
      errorsOf(login, ['--host', host]),
      [/^--host: other machines can reach .*SC_PROXY_CLIENT_KEY.*--allow-remote/],
      host
    )
    t.strictSame(errorsOf(login, ['--host', host, '--allow-remote']), [], host)
    t.strictSame(errorsOf({ ...login, clientKey: 'key' }, ['--host', host]), [], host)
    t.strictSame(errorsOf({}, ['--host', host]), [], 'the emulator has nothing to protect')
  }
  for (const host of ['localhost', '127.0.0.1', '127.8.9.1', '::1'])
    t.strictSame(errorsOf(login, ['--host', host]), [], host)
  t.match(errorsOf({}, ['--host', 'localhost:80']), [/^--host must be a host name or an IP address, without a port/])
  const { warnings } = loadConfig({ argv: ['--admin-host', '0.0.0.0'], env: {} })
  t.match(warnings, [/^--admin-host: other machines can reach 0\.0\.0\.0/])
})

t.test('credentials that are missing are named exactly, with every way to give them', async (t) => {
  t.strictSame(errorsOf({}, ['--environment', 'sandbox2', '--username', 'x']), [
    'the environment sandbox2 has no clientId, no clientSecret, no password: set SC_PROXY_CLIENT_ID, SC_PROXY_CLIENT_SECRET (or SC_PROXY_CLIENT_SECRET_FILE), SC_PROXY_PASSWORD (or SC_PROXY_PASSWORD_FILE), or in the configuration file under environments.sandbox2.credentials: clientId, clientSecret (or clientSecretFile), password (or passwordFile)'
  ])
  const listeners = [{ environment: 'sandbox2' }, { environment: 'mine', port: 1 }]
  const mine = { ...own, credentials: { ...login, username: undefined } }
  t.strictSame(errorsOf({ ...login, listeners, environments: { mine } }), [
    'the environment mine has no username: set in the configuration file under environments.mine.credentials: username'
  ])
})

t.test('credentials for an environment that no listener uses are a warning', async (t) => {
  const listeners = JSON.stringify([{ environment: 'emulator' }, { environment: 'emulator', port: 1 }])
  const { warnings } = loadConfig({ argv: ['--listeners', listeners], env: { SC_PROXY_PASSWORD: 'x' } })
  t.strictSame(warnings, ['SC_PROXY_PASSWORD belongs to sandbox2, which no listener uses'])
})

t.test('an environment is known, and described by two https origins', async (t) => {
  t.strictSame(errorsOf({ environments: { mine: own } }, ['--environment', 'mien']), [
    '--environment: there is no environment mien; known are emulator, sandbox2, production, mine; did you mean mine?'
  ])
  for (const name of ['constructor', 'toString', '__proto__'])
    t.match(errorsOf(login, ['--environment', name]), [/there is no environment/])
  t.match(errorsOf({ environments: { emulator: {} } }), [/environments.emulator is reserved/])
  t.match(errorsOf({ environments: { sandbox: { quota: { calls: 5 } } } }), [
    /sandbox.apiUrl is missing/,
    /sandbox.loginUrl is missing/
  ])
  t.match(errorsOf({ environments: { mine: {} } }, ['--environment', 'mine']), [
    /apiUrl is missing/,
    /loginUrl is missing/,
    /mine has no clientId/
  ])
  for (const url of [
    'http://a.example',
    'https://a.example/api',
    'https://a.example?x',
    'https://u:p@a.example',
    'https://a.example#x',
    'a.example',
    'https://',
    'https://a.example:99999',
    'https://[::1'
  ]) {
    t.match(
      errorsOf({ environment: 'mine', environments: { mine: { ...own, apiUrl: url } } }),
      [/^config.json: environments.mine.apiUrl must be an https:\/\/ origin/],
      url
    )
  }
  for (const apiUrl of ['https://a.example', 'https://a.example/', 'https://localhost:9443', 'https://[::1]:9443']) {
    t.strictSame(errorsOf({ environment: 'mine', environments: { mine: { ...own, apiUrl } } }), [], apiUrl)
  }
})

t.test('a company quota is given whole where nothing is known about it', async (t) => {
  const mine = { ...own, companyQuota: { windowSeconds: 5 } }
  t.match(errorsOf({ environment: 'mine', environments: { mine } }), [
    /^config.json: environments.mine.companyQuota.calls is missing/
  ])
})

t.test('numbers stay within their range', async (t) => {
  for (const port of ['-1', '65536', '1.5', '0x10', '1e3', ' 1', ''])
    t.match(errorsOf({}, [`--port=${port}`]), [/^--port must be a whole number from 0 to 65535$/], port)
  for (const seconds of ['0', '-1', '86401', 'Infinity', 'NaN']) {
    t.match(
      errorsOf({}, [], { SC_PROXY_TIMEOUTS_BODY_SECONDS: seconds }),
      [/must be a number above 0 and up to 86400$/],
      seconds
    )
  }
  t.match(errorsOf({ environments: { sandbox2: { quota: { calls: 0, windowSeconds: 0 } } } }), [
    /calls must be/,
    /windowSeconds must be/
  ])
  t.match(errorsOf({ priority: 8 }), [/priority must be a whole number from 0 to 7/])
  t.match(errorsOf({ port: '8080' }), [/port must be a whole number/], 'in a file a number is a number')
})

t.test('lists say what each entry must be', async (t) => {
  t.match(errorsOf({}, ['--allowed-hosts', 'a b']), [
    '--allowed-hosts must be a list, and each entry a host name, with a port or without'
  ])
  t.match(errorsOf({ allowedOrigins: ['http://a/path'] }), [/each entry an origin such as/])
  t.match(errorsOf({ rules: { deny: ['DELETE v3'] } }), [
    /rules.deny must be a list, and each entry a path, or a method and a path/
  ])
})

t.test('the way out is an http proxy, whoever names it', async (t) => {
  for (const url of [
    'socks5://a.example',
    'http://a.example/path',
    'http://',
    'http://a.example:99999',
    'http://[::1'
  ]) {
    t.match(errorsOf({}, ['--upstream-proxy', url]), [/^--upstream-proxy must be an http:\/\/ or https:\/\/ URL/], url)
  }
  for (const url of ['socks5://a.example', 'http://a.example:99999']) {
    t.match(errorsOf(login, [], { HTTPS_PROXY: url }), [/^HTTPS_PROXY must be an http:\/\/ or https:\/\/ URL/], url)
  }
})

t.test('whatever a file says, the answer is a configuration or sentences', async (t) => {
  const paths = allSettings.flatMap((setting) => [setting, ...insideOf(setting)]).map(({ path }) => path)
  // Each draw is a value of its own: what is planted below may be planted into.
  const likely = fc
    .constantFrom(
      '"0.0.0.0"',
      '"sandbox2"',
      '"production"',
      '"x"',
      '8080',
      '0',
      'true',
      'null',
      '[]',
      '{}',
      '"https://a"'
    )
    .map((json): unknown => JSON.parse(json))
  const value = fc.oneof(likely, fc.jsonValue())
  const file = fc.array(fc.tuple(fc.constantFrom(...paths), value), { maxLength: 12 }).map((leaves) => {
    const tree = {}
    for (const [path, leaf] of leaves)
      plant(tree, path.replace('[]', '.0').replace('NAME', 'sandbox2').split('.'), leaf)
    return tree
  })
  fc.assert(
    fc.property(file, (tree) => {
      const env = {
        SC_PROXY_LISTENERS: 'listeners' in tree ? JSON.stringify(Object.values(tree.listeners ?? {})) : undefined
      }
      const readFile = (path: string) =>
        path.endsWith('config.json') ? JSON.stringify({ ...tree, listeners: undefined }) : 'x'
      const loaded = loadConfig({ argv: ['--config', 'config.json'], env, readFile })
      if (loaded.ok) return loaded.config.listeners.every(({ port }) => Number.isInteger(port))
      return loaded.errors.length > 0 && loaded.errors.every((error) => !/undefined|NaN|\[object/.test(error))
    }),
    { seed: 20, numRuns: 300 }
  )
  t.pass()
})

function plant(tree: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) tree[key] = value
  else {
    const inner = tree[key]
    const branch = typeof inner === 'object' && inner !== null ? inner : {}
    tree[key] = branch
    plant(branch as Record<string, unknown>, rest, value)
  }
}

t.test('a flag that the command makes no use of is refused, with those it takes instead', async (t) => {
  const emulating = (...argv: string[]) => {
    const command = { name: 'emulate', settings: ['config', 'emulator'] }
    const loaded = loadConfig({ argv, env: { SC_PROXY_PORT: '9000' }, command })
    return loaded.ok ? [] : loaded.errors
  }
  t.strictSame(emulating('--port', '9000'), [
    '--port has no effect on "sc-proxy emulate": use --emulator-api-port or --emulator-login-port'
  ])
  t.strictSame(emulating('--no-read-only'), [
    '--no-read-only has no effect on "sc-proxy emulate"; "sc-proxy help emulate" lists what it takes'
  ])
  t.strictSame(emulating('--scenario', 'flaky'), ['--scenario is not a known flag; did you mean --emulator-scenario?'])
  t.match(emulating('--prot', '1'), [/^--prot is not a known flag/])
  t.strictSame(emulating('--emulator-api-port', '0'), [], 'a variable may be there for another command')
})
