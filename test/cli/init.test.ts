import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { createInit } from '../../src/cli/init.js'
import { type Person, personAt } from '../../src/cli/prompts.js'
import { run } from '../../src/cli/run.js'
import { processWith } from '../config/process.js'
import { credentials, json, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { configOf, folderWith, sc, startApp } from './app.js'

const { clientId, clientSecret, username, password } = credentials

/** Somebody who answers so, in this order, and remembers what they were asked. */
function personWho(...answers: string[]): Person & { asked: string[] } {
  const asked: string[] = []
  const answer = async (question: string) => {
    asked.push(question)
    const next = answers.shift()
    if (next === undefined) throw new Error(`nobody expected "${question}"`)
    return next
  }
  return { asked, line: answer, secret: answer, choice: answer }
}

async function setUp(t: Test, options: ServerOptions = {}) {
  const service = await startServiceChannel(t, options)
  const folder = folderWith(t, { 'ca.pem': service.ca })
  const place = ['--api-url', service.apiUrl, '--login-url', service.loginUrl, '--ca-file', join(folder, 'ca.pem')]
  const argv = ['init', '--environment', 'mine', ...place]
  const at = (name: string) => join(folder, name)
  return { service, folder, argv, at, output: at('sc-proxy.jsonc') }
}

const modeOf = (path: string) => statSync(path).mode & 0o777

t.test('what is asked is tried and written, and works', async (t) => {
  const { service, folder, argv, at, output } = await setUp(t)
  const person = personWho(clientId, clientSecret, 'password', username, password)
  const { code, out, err } = await sc([createInit({ meet: async () => person })], argv, { cwd: folder })
  t.equal(code, 0, err)
  t.strictSame(person.asked, ['Client id', 'Client secret', 'How do you log in?', 'User name', 'Password'])
  t.equal(service.logins.length, 1, 'it was tried, once')
  t.match(out, /sc-proxy --config \S+sc-proxy\.jsonc[\s\S]*curl http:\/\/localhost:8080\/v3\/workorders\n$/)
  for (const text of [out, err, readFileSync(output, 'utf8')]) t.notMatch(text, /CANARY/)
  t.match(readFileSync(output, 'utf8'), /\/\/ Where requests go\..*\n {2}"environment": "mine",\n/)
  t.equal(readFileSync(at('sc-proxy.password'), 'utf8'), `${password}\n`)
  if (process.platform !== 'win32')
    for (const name of ['client-secret', 'password']) t.equal(modeOf(at(`sc-proxy.${name}`)), 0o600)

  const { port } = await startApp(t, ['--config', output, '--port', '0', '--admin-port', '0'])
  t.equal((await fetch(`http://127.0.0.1:${port}/v3/workorders`)).status, 200)
})

t.test('every question has a flag or a variable, and without a terminal what is missing is listed', async (t) => {
  const { folder, argv, output } = await setUp(t)
  const alone = createInit({ meet: async () => undefined })
  t.match(await sc([alone], ['init'], { cwd: folder }), {
    code: 2,
    out: '',
    err: 'sc-proxy: there is no terminal to ask at, so pass --environment; --client-id; --client-secret-file or SC_PROXY_CLIENT_SECRET; --username, or --browser; --password-file or SC_PROXY_PASSWORD\n'
  })
  writeFileSync(join(folder, 'word'), `${password}\n`)
  const flags = ['--client-id', clientId, '--username', username, '--password-file', 'word', '--secrets', 'environment']
  const env = { SC_PROXY_CLIENT_SECRET: clientSecret }
  const { code, out } = await sc([alone], [...argv, ...flags, '--json'], { cwd: folder, env })
  t.strictSame([code, JSON.parse(out)], [0, { files: [output] }], 'no file holds a secret')
  t.notMatch(readFileSync(output, 'utf8'), /CANARY/)
  const config = configOf(['--config', output], { ...env, SC_PROXY_PASSWORD: password })
  t.match(config.environments.mine?.credentials, { clientId, clientSecret, username, password })
})

t.test('nothing is written over, and nothing is taken that is no flag', async (t) => {
  const { folder, argv, output } = await setUp(t)
  writeFileSync(output, 'mine')
  t.match(await sc([createInit({ meet: async () => undefined })], argv, { cwd: folder }), {
    code: 2,
    err: /exists already: --force/
  })
  t.equal(readFileSync(output, 'utf8'), 'mine')
  const whole = ['--client-id', clientId, '--username', username, '--no-check', '--output', 'other.jsonc']
  writeFileSync(join(folder, 'other.password'), 'mine')
  const env = { SC_PROXY_CLIENT_SECRET: clientSecret, SC_PROXY_PASSWORD: password }
  const half = await sc([createInit({ meet: async () => undefined })], [...argv, ...whole], { cwd: folder, env })
  t.match(half, { code: 1, err: /other\.password exists already/ })
  t.notOk(existsSync(join(folder, 'other.client-secret')), 'half of it would be in the way')
  t.match(await sc([createInit({ meet: async () => undefined })], ['init', '--password', 'x'], { cwd: folder }), {
    code: 2,
    err: /only the flags/
  })
})

t.test('a rejected password is asked again, and sent no sooner than five seconds later', async (t) => {
  const { service, folder, argv, output } = await setUp(t, {
    login: (_request, response, form) =>
      form.get('password') === password
        ? json(response, 200, { access_token: 'a', expires_in: 600 })
        : json(response, 400, { error: 'invalid_grant' })
  })
  const pauses: number[] = []
  const pause = async (ms: number) => void pauses.push(ms)
  const person = personWho(clientId, clientSecret, 'password', username, 'CANARY-wrong', username, password)
  const { code, err } = await sc([createInit({ meet: async () => person, pause })], argv, { cwd: folder })
  t.equal(code, 0)
  t.match(err, /rejected the user name or password/)
  t.notMatch(err, /CANARY/)
  t.strictSame(pauses, [5100])
  t.equal(service.logins.length, 2)
  t.ok(existsSync(output))
})

t.test('with nobody to ask, a rejected login leaves nothing behind', async (t) => {
  const { folder, argv, output, at } = await setUp(t, {
    login: (_request, response) => void response.writeHead(302, { location: '/Account/LogOn' }).end()
  })
  const env = {
    SC_PROXY_CLIENT_ID: clientId,
    SC_PROXY_CLIENT_SECRET: clientSecret,
    SC_PROXY_USERNAME: username,
    SC_PROXY_PASSWORD: password
  }
  const refused = await sc([createInit({ meet: async () => undefined })], argv, { cwd: folder, env })
  t.match(refused, { code: 1, out: '', err: /rejected the client id or secret[\s\S]*Nothing was written/ })
  t.notOk(existsSync(output) || existsSync(at('sc-proxy.password')))
})

t.test('a login in the browser leaves a session and no password', async (t) => {
  const { service, folder, argv, output, at } = await setUp(t)
  const stdin = new PassThrough()
  const { process: world, stderr } = processWith({ argv: [...argv, '--browser', '--paste'], cwd: folder, stdin })
  const code = run({ ...world, stdin }, [createInit({ meet: async () => personWho(clientId, clientSecret) })])
  await until(() => stderr().includes('Address: '))
  const state = new URL(/https:\S+/.exec(stderr())?.[0] ?? '').searchParams.get('state')
  stdin.write(`http://localhost:8089/callback?code=abc&state=${state}\n`)
  t.equal(await code, 0, stderr())
  t.ok(existsSync(at('sc-proxy.session')))
  t.notMatch(readFileSync(output, 'utf8'), /password/i)
  await new Promise((resolve) => setTimeout(resolve, 0))
  t.equal(service.logins[0]?.form.get('grant_type'), 'authorization_code')
})

t.test('what is typed as a secret is not shown', async (t) => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode() {} })
  const { process: world, stderr } = processWith({ stdin })
  t.equal(personAt({ ...world, stdin: Object.assign(new PassThrough(), { isTTY: false }) }), undefined)
  const typed = personAt({ ...world, stdin })?.secret('Password')
  await until(() => stderr().includes('Password'))
  stdin.write('CANARY')
  stdin.write('\r')
  t.equal(await typed, 'CANARY')
  t.notMatch(stderr(), /CANARY/)
  t.match(stderr(), /••••••/)

  const left = personAt({ ...world, stdin })?.line('User name')
  await new Promise((resolve) => setTimeout(resolve, 20))
  stdin.write('\x03')
  await t.rejects(async () => left, /Nothing was written/)
})
