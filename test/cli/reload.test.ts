import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createReload } from '../../src/cli/reload.js'
import { type Config, loadConfig } from '../../src/config/load.js'
import { credentials, json, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { configFor, folderWith } from './app.js'
import { runStart, statusOf } from './start-command.js'

/** A configuration with a secret in a file of its own, followed. */
async function follow(t: Test) {
  const { password: _, ...others } = credentials
  const settings = { environment: 'sandbox2', ...others, passwordFile: 'word' }
  const folder = folderWith(t, { 'config.json': JSON.stringify(settings), word: 'CANARY-first' })
  const at = (name: string) => join(folder, name)
  const load = () => {
    const files: string[] = []
    const readFile = (path: string) => {
      files.push(path)
      return readFileSync(path, 'utf8')
    }
    return { loaded: loadConfig({ argv: ['--config', at('config.json')], env: {}, readFile }), files }
  }
  const { loaded, files } = load()
  if (!loaded.ok) throw new Error(loaded.errors.join())
  const applied: Config[] = []
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const apply = async (config: Config) => void applied.push(config)
  const reload = createReload({ load, config: loaded.config, files, apply, log, everyMs: 10 })
  t.teardown(() => reload.close())
  const says = (text: string) => until(() => lines.some((line) => line.includes(text)))
  // It knows the files only after its first look.
  await new Promise((resolve) => setTimeout(resolve, 50))
  return { at, settings, applied, lines, says, reload }
}

const passwordOf = (config: Config | undefined) => config?.environments.sandbox2?.credentials.password

t.test('a secret that changes in its file is taken over, and the log does not tell it', async (t) => {
  const { at, applied, lines, says } = await follow(t)
  // As Kubernetes and careful editors do: another file under the same name.
  writeFileSync(at('word.new'), 'CANARY-second')
  renameSync(at('word.new'), at('word'))
  await says('now in force: environments.sandbox2.credentials.password')
  t.equal(passwordOf(applied[0]), 'CANARY-second')
  t.equal(applied.length, 1)
  for (const line of lines) t.notMatch(line, /CANARY/)
})

t.test('a configuration that cannot be used changes nothing, and is followed until it can', async (t) => {
  const { at, settings, applied, says } = await follow(t)
  writeFileSync(at('config.json'), '{ "port": ')
  await says('what was in force stays in force')
  rmSync(at('word'))
  writeFileSync(at('config.json'), JSON.stringify(settings))
  await says('word cannot be read: there is no such file')
  t.strictSame(applied, [])
  writeFileSync(at('word'), 'CANARY-third')
  await until(() => applied.length > 0)
  t.equal(passwordOf(applied[0]), 'CANARY-third')
})

t.test('what belongs to something that is open is told to want a restart', async (t) => {
  const { at, settings, lines, reload, says } = await follow(t)
  writeFileSync(at('config.json'), JSON.stringify({ ...settings, port: 9999, queue: { maxCalls: 7 }, readOnly: true }))
  await says('takes effect only after a restart: listeners[0].port, queue.maxCalls')
  await says('now in force: listeners[0].access')
  lines.length = 0
  reload.now('SIGHUP')
  await says('SIGHUP: nothing in the configuration has changed')
})

/** The start command, and a way to write its configuration anew. */
async function running(t: Test, options: ServerOptions, first: object, password: string) {
  const service = await startServiceChannel(t, options)
  const { folder, args } = configFor(t, service)
  const written = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  const write = (more: object, password: string) => {
    written.environments.mine.credentials = { ...credentials, password }
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...written, ...more }))
  }
  write(first, password)
  return { service, write, ...(await runStart(t, args)) }
}

t.test('a running proxy takes over a password, which deserves another try', async (t) => {
  const login: ServerOptions['login'] = (_request, response) => json(response, 400, { error: 'invalid_grant' })
  const { service, write, proxy, admin, stdout, reload } = await running(t, { login }, {}, 'CANARY-wrong')
  t.equal(await statusOf(proxy), 502, 'the password is wrong')
  t.equal(await statusOf(`${admin}/readiness`), 503)
  write({}, 'CANARY-right')
  await reload()
  t.match(stdout(), /now in force: environments\.mine\.credentials\.password/)
  t.equal(await statusOf(`${admin}/readiness`), 200)
  t.equal(service.logins.length, 1, 'when a call needs it')
  t.notMatch(stdout(), /CANARY/)
})

t.test('a running proxy takes over rules, client key and log level, and drops no call', async (t) => {
  let answer = () => {}
  const api: ServerOptions['answer'] = (request, response) => {
    if (request.url === '/v3/slow') answer = () => json(response, 200, [])
    else json(response, 200, [])
  }
  const { password } = credentials
  const { service, write, proxy, stdout, reload } = await running(
    t,
    { answer: api },
    { clientKey: 'CANARY-old' },
    password
  )
  t.equal(await statusOf(proxy), 403, 'it wants a key')
  write({}, password)
  await reload()
  const slow = fetch(proxy.replace('workorders', 'slow'))
  await until(() => service.arrivals.some(({ url }) => url === '/v3/slow'))

  write({ rules: { deny: ['GET /v3/workorders'] }, log: { level: 'debug' } }, password)
  await reload()
  t.match(stdout(), /now in force: .*rules\.deny/)
  t.equal(await statusOf(proxy), 403, 'the rule is in force')
  answer()
  t.equal((await slow).status, 200, 'the call that was under way is not touched')

  write({ clientKey: 'CANARY-key' }, password)
  await reload()
  t.equal(await statusOf(proxy), 403)
  t.equal((await fetch(proxy, { headers: { 'x-sc-proxy-key': 'CANARY-key' } })).status, 200)
  write({}, password)
  await reload()
  t.equal(await statusOf(proxy), 200, 'and gone again')
  t.notMatch(stdout(), /CANARY/)
})
