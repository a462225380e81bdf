import { resolve } from 'node:path'
import t from 'tap'
import { type LoadInput, loadConfig } from '../../src/config/load.js'
import { allSettings, configFile, insideOf, isNested } from '../../src/config/settings.js'
import { showConfig } from '../../src/config/show.js'

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'

const credentials = { clientId: 'SB.1.a', clientSecret: 'base-secret', username: 'base-user', password: 'base-word' }
const listeners = [{ environment: 'emulator', port: 7001 }]
const environments = { extra: { apiUrl: 'https://a.example', loginUrl: 'https://b.example' } }

/** For every setting: the text of its flag or variable, and what has to become of it where in the configuration. */
const samples: Record<string, [text: string, value: unknown, path: string]> = {
  environment: ['emulator', 'emulator', 'listeners[0].environment'],
  host: ['127.0.0.9', '127.0.0.9', 'listeners[0].host'],
  port: ['7000', 7000, 'listeners[0].port'],
  readOnly: ['true', 'read-only', 'listeners[0].access'],
  access: ['read-only', 'read-only', 'listeners[0].access'],
  allowedHosts: ['a.example, b.example:81', ['a.example', 'b.example:81'], 'listeners[0].allowedHosts'],
  allowedOrigins: ['http://localhost:3000', ['http://localhost:3000'], 'listeners[0].allowedOrigins'],
  allowRemote: ['true', true, 'listeners[0].allowRemote'],
  clientKey: ['the-key', 'the-key', 'listeners[0].clientKey'],
  clientKeyFile: ['some.file', 'of some.file', 'listeners[0].clientKey'],
  'rules.allow': ['GET /v3/*,/odata/*', ['GET /v3/*', '/odata/*'], 'listeners[0].rules.allow'],
  'rules.deny': ['DELETE /*', ['DELETE /*'], 'listeners[0].rules.deny'],
  priority: ['6', 6, 'listeners[0].priority'],
  clientId: ['SB.2.b', 'SB.2.b', 'environments.sandbox2.credentials.clientId'],
  clientSecret: ['other', 'other', 'environments.sandbox2.credentials.clientSecret'],
  clientSecretFile: ['some.file', 'of some.file', 'environments.sandbox2.credentials.clientSecret'],
  username: ['other', 'other', 'environments.sandbox2.credentials.username'],
  password: ['other', 'other', 'environments.sandbox2.credentials.password'],
  passwordFile: ['some.file', 'of some.file', 'environments.sandbox2.credentials.password'],
  sessionFile: ['the.session', resolve('/somewhere/the.session'), 'environments.sandbox2.credentials.sessionFile'],
  sessionKey: ['other', 'other', 'environments.sandbox2.credentials.sessionKey'],
  sessionKeyFile: ['some.file', 'of some.file', 'environments.sandbox2.credentials.sessionKey'],
  callbackUrl: ['https://a.example/cb', 'https://a.example/cb', 'environments.sandbox2.credentials.callbackUrl'],
  caFile: ['ca.pem', pem, 'environments.sandbox2.ca'],
  upstreamProxy: ['http://127.0.0.1:8888', 'http://127.0.0.1:8888', 'upstreamProxy'],
  noProxy: ['one.example,two.example', 'one.example,two.example', 'noProxy'],
  'tls.minVersion': ['TLSv1.3', 'TLSv1.3', 'tls.minVersion'],
  'tls.maxVersion': ['TLSv1.2', 'TLSv1.2', 'tls.maxVersion'],
  'timeouts.connectSeconds': ['0.5', 0.5, 'timeouts.connectSeconds'],
  'timeouts.headersSeconds': ['11', 11, 'timeouts.headersSeconds'],
  'timeouts.bodySeconds': ['12', 12, 'timeouts.bodySeconds'],
  'timeouts.loginSeconds': ['13', 13, 'timeouts.loginSeconds'],
  'pool.connections': ['3', 3, 'pool.connections'],
  'queue.maxCalls': ['14', 14, 'queue.maxCalls'],
  'queue.maxWaitSeconds': ['15', 15, 'queue.maxWaitSeconds'],
  'admin.enabled': ['false', false, 'admin.enabled'],
  'admin.host': ['localhost', 'localhost', 'admin.host'],
  'admin.port': ['7002', 7002, 'admin.port'],
  'inspector.enabled': ['false', false, 'inspector.enabled'],
  'inspector.maxCalls': ['16', 16, 'inspector.maxCalls'],
  'inspector.maxMegabytes': ['17', 17, 'inspector.maxMegabytes'],
  'inspector.maxBodyKilobytes': ['18', 18, 'inspector.maxBodyKilobytes'],
  'inspector.token': ['the-token', 'the-token', 'inspector.token'],
  'inspector.tokenFile': ['some.file', 'of some.file', 'inspector.token'],
  'admin.allowQuit': ['true', true, 'admin.allowQuit'],
  'shutdown.delaySeconds': ['3', 3, 'shutdown.delaySeconds'],
  'shutdown.drainSeconds': ['0', 0, 'shutdown.drainSeconds'],
  'log.level': ['trace', 'trace', 'log.level'],
  'log.format': ['json', 'json', 'log.format'],
  'tracing.endpoint': ['http://127.0.0.1:4318', 'http://127.0.0.1:4318', 'tracing.endpoint'],
  openapi: ['api.json', resolve('/somewhere/api.json'), 'openapi'],
  stateDir: ['kept', resolve('/somewhere/kept'), 'stateDir'],
  'emulator.scenario': ['stormy', 'stormy', 'emulator.scenario'],
  'emulator.apiPort': ['9443', 9443, 'emulator.apiPort'],
  'emulator.loginPort': ['9444', 9444, 'emulator.loginPort'],
  'emulator.writeCa': ['ca.pem', resolve('/somewhere/ca.pem'), 'emulator.writeCa'],
  'redis.url': ['redis://127.0.0.1:6379/2', 'redis://127.0.0.1:6379/2', 'redis.url'],
  'redis.username': ['someone', 'someone', 'redis.username'],
  'redis.password': ['other', 'other', 'redis.password'],
  'redis.passwordFile': ['some.file', 'of some.file', 'redis.password'],
  'redis.caFile': ['ca.pem', pem, 'redis.ca'],
  'redis.keyPrefix': ['ours', 'ours', 'redis.keyPrefix'],
  'redis.maxReplicas': ['3', 3, 'redis.maxReplicas'],
  'redis.safeSharePercent': ['30', 30, 'redis.safeSharePercent'],
  listeners: [JSON.stringify(listeners), 7001, 'listeners[0].port'],
  environments: [JSON.stringify({ sandbox2: { quota: { calls: 7 } } }), 7, 'environments.sandbox2.quota.calls']
}

/** What stands in the way of a sample, or is needed beside it. */
const beside: Record<string, object> = {
  'tls.minVersion': { tls: { maxVersion: 'TLSv1.3' } },
  'tls.maxVersion': { tls: { maxVersion: 'TLSv1.3', minVersion: 'TLSv1.2' } }
}

function sampleOf(path: string) {
  const sample = samples[path]
  if (!sample) throw new Error(`the setting ${path} is new: give it a sample`)
  return sample
}

const readFile = (files: Record<string, string>) => (path: string) => {
  const name = path.split(/[\\/]/).at(-1) ?? ''
  return files[name] ?? (name === 'ca.pem' ? pem : `of ${name}\n`)
}

function at(config: unknown, path: string): unknown {
  const keys = path.split(/[.[\]]+/).filter(Boolean)
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config)
}

function put(tree: object, path: string, value: unknown): object {
  const [key = '', ...rest] = path.split('.')
  const inner = (tree as Record<string, object>)[key] ?? {}
  return { ...tree, [key]: rest.length > 0 ? put(inner, rest.join('.'), value) : value }
}

function load(file: object, input: Partial<LoadInput> = {}) {
  const { argv = [], env = {} } = input
  const loaded = loadConfig({
    argv: [...argv, '--config', 'config.json'],
    env,
    readFile: readFile({ 'config.json': JSON.stringify(file) }),
    cwd: '/somewhere'
  })
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'))
  return loaded
}

t.test('every setting has its own flag and its own variable', async (t) => {
  const settings = [configFile, ...allSettings]
  t.equal(new Set(settings.map(({ flag }) => flag)).size, settings.length)
  t.equal(new Set(settings.map(({ env }) => env)).size, settings.length)
  t.match(
    allSettings.find(({ path }) => path === 'queue.maxCalls'),
    { flag: '--queue-max-calls', env: 'SC_PROXY_QUEUE_MAX_CALLS' }
  )
})

for (const { path, flag = '', env = '', schema } of allSettings) {
  t.test(`${path} arrives in the configuration by flag, by variable and by file`, async (t) => {
    const [text, value, where] = sampleOf(path)
    const base = { ...credentials, ...beside[path] }
    const before = load(base)
    t.strictNotSame(at(before.config, where), value, 'the sample differs from what is there without it')

    const byVariable = load(base, { env: { [env]: text } })
    t.strictSame(at(byVariable.config, where), value)
    t.equal(byVariable.origins[where], env)

    if (schema.writeOnly) t.throws(() => load(base, { argv: [flag, text] }), { message: /secret/ })
    else {
      const alone = text === 'true' ? [flag] : [flag.replace('--', '--no-')]
      const byFlag = load(base, { argv: schema.type === 'boolean' ? alone : [flag, text] })
      t.strictSame(at(byFlag.config, where), value)
      t.equal(byFlag.origins[where], flag)
      t.strictSame(at(load(base, { argv: [`${flag}=${text}`] }).config, where), value)
    }

    const { [path.replace(/File$/, '')]: _, ...others } = base as Record<string, unknown>
    const written = isNested(schema)
      ? JSON.parse(text)
      : path.endsWith('File')
        ? text
        : path === 'readOnly'
          ? true
          : value
    const byFile = load(put(others, path, written))
    t.strictSame(at(byFile.config, where), value)
    t.ok(byFile.origins[where]?.startsWith('config.json'))

    t.match(showConfig(byFile.config, byFile.origins), `${where} `)
  })
}

t.test('every key of a listener arrives', async (t) => {
  for (const { path } of allSettings.filter((setting) => setting.path === 'listeners').flatMap(insideOf)) {
    const key = path.replace('listeners[].', '')
    const [text, value, where] = sampleOf(key)
    const file = {
      ...credentials,
      listeners: [put({ environment: 'sandbox2' }, key, key.endsWith('File') ? text : value)]
    }
    const { config, origins } = load(file)
    t.strictSame(at(config, where), value, path)
    t.ok(origins[where]?.startsWith('config.json'), path)
  }
})

t.test('every key of an environment arrives', async (t) => {
  const own: Record<string, unknown> = {
    apiUrl: 'https://c.example',
    loginUrl: 'https://d.example:444',
    'quota.calls': 5,
    'quota.windowSeconds': 6,
    'companyQuota.calls': 7,
    'companyQuota.windowSeconds': 8
  }
  for (const { path } of allSettings.filter((setting) => setting.path === 'environments').flatMap(insideOf)) {
    const key = path.replace('environments.NAME.', '')
    const [text, value] = samples[key.replace('credentials.', '')] ?? ['', own[key]]
    t.not(value, undefined, `${key} has a sample`)
    const key0 = key.replace(/(?<!session)File$/, '')
    const { [key0.replace('credentials.', '')]: _, ...rest } = credentials as Record<string, unknown>
    const basis = { ...environments.extra, companyQuota: { calls: 1, windowSeconds: 1 }, credentials: rest }
    const { config } = load({
      environment: 'extra',
      environments: { extra: put(basis, key, key.endsWith('File') ? text : value) }
    })
    t.strictSame(at(config, `environments.extra.${key0}`), value, path)
  }
})
