import { readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { login } from '../../src/cli/login.js'
import { logout } from '../../src/cli/logout.js'
import { run } from '../../src/cli/run.js'
import { status } from '../../src/cli/status.js'
import { createSessionFile } from '../../src/oauth/session-file.js'
import { processWith } from '../config/process.js'
import { credentials, json, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { configFor, sc, startApp } from './app.js'

const commands = [login, logout]
const key = 'CANARY-session-key'

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A ServiceChannel, and a configuration that keeps its session in a file. */
async function setUp(t: Test, options: ServerOptions & { password?: string; username?: string | undefined } = {}) {
  const service = await startServiceChannel(t, options)
  const callbackUrl = `http://localhost:${await freePort()}/back`
  const { clientId, clientSecret } = credentials
  const { username } = { ...credentials, ...options }
  const own = { clientId, clientSecret, username, sessionFile: 'kept/session', sessionKey: key, callbackUrl }
  const { apiUrl, loginUrl } = service
  const mine = { apiUrl, loginUrl, caFile: 'ca.pem', credentials: { ...own, password: options.password } }
  const { folder, args } = configFor(t, service, { environments: { mine } })
  const path = join(folder, 'kept/session')
  return { service, callbackUrl, args, path, file: createSessionFile(path, key) }
}

/** A login in the browser: the test is the browser. */
function begin(argv: readonly string[]) {
  const { process, stdout, stderr } = processWith({ argv: ['login', ...argv] })
  return { code: run(process, commands), stdout, stderr, url: () => /https:\S+/.exec(stderr())?.[0] }
}

t.test('somebody logs in in the browser, and the session is in a file that tells nothing', async (t) => {
  const { service, callbackUrl, args, path, file } = await setUp(t)
  const { code, url, stdout } = begin([...args, '--no-browser'])
  await until(() => url() !== undefined)
  const page = new URL(url() ?? '')
  t.equal(page.origin + page.pathname, `${service.loginUrl}/oauth/authorize`)
  const asked = Object.fromEntries(page.searchParams)
  t.match(asked, {
    response_type: 'code',
    client_id: credentials.clientId,
    redirect_uri: callbackUrl,
    state: /^.{32}$/
  })

  const back = (query: object) => fetch(`${callbackUrl}?${new URLSearchParams({ ...query })}`)
  t.equal((await fetch(`${new URL(callbackUrl).origin}/favicon.ico`)).status, 404)
  t.equal((await back({ code: 'FOREIGN', state: 'another' })).status, 400, 'a code that somebody slips in is not taken')
  const answer = await back({ code: 'abcd!IAAAA-good', state: asked.state })
  t.match([answer.status, answer.headers.get('referrer-policy')], [200, 'no-referrer'])

  t.equal(await code, 0)
  t.match(stdout(), /logged in to mine/)
  t.strictSame(
    service.logins.map(({ form }) => Object.fromEntries(form)),
    [{ grant_type: 'authorization_code', code: 'abcd!IAAAA-good', redirect_uri: callbackUrl }]
  )
  t.equal(statSync(path).mode & 0o777, process.platform === 'win32' ? 0o666 : 0o600)
  t.notMatch(readFileSync(path, 'utf8'), /re!fresh|token|SB\./)
  t.match(await file.read(), { refreshToken: 're!fresh-1', clientId: credentials.clientId })
  await t.rejects(fetch(callbackUrl), 'the listener is gone')
})

t.test('a login page that refuses ends the login', async (t) => {
  const { callbackUrl, args, service } = await setUp(t)
  const { code, url, stderr } = begin([...args, '--no-browser'])
  await until(() => url() !== undefined)
  const state = new URL(url() ?? '').searchParams.get('state')
  await fetch(`${callbackUrl}?error=access_denied&state=${state}`)
  t.equal(await code, 1)
  t.match(stderr(), /refused \(access_denied\)/)
  t.equal(service.logins.length, 0)
})

t.test('nobody who logs in in time is the end of it', async (t) => {
  const { args } = await setUp(t)
  t.match(await sc(commands, ['login', ...args, '--no-browser', '--timeout', '0.1']), { code: 1, err: /in time/ })
})

t.test('without a browser here, the address is pasted', async (t) => {
  const { service, args, file } = await setUp(t)
  const stdin = new Readable({ read() {} })
  const { process, stderr } = processWith({ argv: ['login', '--paste', ...args], stdin })
  const code = run(process, commands)
  await until(() => stderr().includes('Address: '))
  const state = new URL(/https:\S+/.exec(stderr())?.[0] ?? '').searchParams.get('state')
  stdin.push(`https://app.example/back?code=abcd%21IAAAA&state=${state}\n`)
  t.equal(await code, 0)
  t.equal(service.logins[0]?.form.get('code'), 'abcd!IAAAA')
  t.match(await file.read(), { refreshToken: 're!fresh-1' })

  const foreign = await sc(commands, ['login', '--paste', ...args], {
    stdin: Readable.from(['https://app.example/back?code=x&state=another\n'])
  })
  t.match(foreign, { code: 1, err: /another state/ })
})

t.test('a password comes from the standard input, and a wrong one is tried once and changes nothing', async (t) => {
  let isRight = true
  const { service, args, file } = await setUp(t, {
    login: (_request, response) =>
      isRight
        ? json(response, 200, { access_token: 'a', expires_in: 600, refresh_token: 're!fresh' })
        : json(response, 400, { error: 'invalid_grant' })
  })
  const stdin = () => Readable.from(['CANARY-pass!word\n'])
  t.match(await sc(commands, ['login', '--password-stdin', '--json', ...args], { stdin: stdin() }), { code: 0 })
  t.match(Object.fromEntries(service.logins[0]?.form ?? []), { username: 'canary.user', password: 'CANARY-pass!word' })
  t.match(await file.read(), { username: 'canary.user', refreshToken: 're!fresh' })

  isRight = false
  const saved = await file.read()
  await file.write({ ...saved!, askedAt: 0 })
  const refused = await sc(commands, ['login', '--password-stdin', ...args], { stdin: stdin() })
  t.match(refused, { code: 1, out: '', err: /rejected the user name or password/ })
  t.notMatch(refused.err, /CANARY/)
  t.equal(service.logins.length, 2)
  t.match(await file.read(), { refreshToken: 're!fresh' }, 'who was logged in still is')
})

t.test('what is missing is said before anybody is asked', async (t) => {
  const { args } = await setUp(t)
  const nowhere = configFor(t, await startServiceChannel(t)).args
  t.match(await sc(commands, ['login', ...nowhere]), { code: 2, err: /--session-file/ })
  t.match(await sc(commands, ['login', '--environment', 'emulator']), { code: 2, err: /emulator/ })
  t.match(await sc(commands, ['login', '--password-stdin', ...args]), { code: 2, err: /holds no password/ })
  t.match(await sc(commands, ['login', '--for', 'yours', ...args]), {
    code: 2,
    err: /no listener uses an environment yours; known are mine/
  })
  t.match(await sc(commands, ['login', '--paste', '--password-stdin', ...args]), { code: 2, err: /exclude each other/ })
})

t.test('a running proxy takes up a login and a logout by itself', async (t) => {
  const { service, args, file } = await setUp(t)
  const { port, lines, app } = await startApp(t, args)
  const call = () => fetch(`http://127.0.0.1:${port}/v3/workorders`)
  t.match(await (await call()).json(), { code: 'login_rejected', detail: /run sc-proxy login/ })
  t.equal(service.logins.length, 0)

  const { loginUrl } = service
  const at = Date.now()
  await file.write({ loginUrl, clientId: credentials.clientId, refreshToken: 're!fresh-0', loggedInAt: at, askedAt: 0 })
  let status = 0
  for (let tries = 0; status !== 200 && tries < 100; tries++) {
    status = (await call()).status
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.equal(status, 200)
  t.match(Object.fromEntries(service.logins[0]?.form ?? []), {
    grant_type: 'refresh_token',
    refresh_token: 're!fresh-0'
  })
  t.match(await file.read(), { refreshToken: 're!fresh-1' }, 'the rotated one is on the disk')

  t.match(await sc(commands, ['logout', ...args]), { code: 0, out: /logged out of mine/ })
  await until(() => lines.some((line) => line.includes('logged out')))
  t.equal((await call()).status, 502)
  t.equal(service.logins.length, 1, 'its own writing made it ask nobody')
  t.match(await sc(commands, ['logout', '--json', ...args]), { code: 0, out: /"removed":false/ })
  await app.drain(0)
  for (const line of lines) t.notMatch(line, /CANARY|re!fresh|token-1/)
})

t.test('who has logged in is told, and what the proxy itself writes down is not taken for another login', async (t) => {
  const { service, args, file } = await setUp(t, { username: undefined })
  const { port, adminArgs } = await startApp(t, args)
  const call = async () => (await fetch(`http://127.0.0.1:${port}/v3/workorders`)).status
  const { loginUrl } = service
  const at = Date.now()
  const saved = { loginUrl, clientId: credentials.clientId, username: 'robin.alder', loggedInAt: at, askedAt: 0 }
  await file.write({ ...saved, refreshToken: 're!fresh-0' })
  await until(async () => (await call()) === 200)
  t.match(await file.read(), { refreshToken: 're!fresh-1', username: 'robin.alder' })
  // Longer than it takes to notice what has become of the file.
  await new Promise((resolve) => setTimeout(resolve, 1200))
  t.match((await sc([status], ['status', ...adminArgs])).out, /user +robin\.alder\n +token +valid/)
  t.equal(await call(), 200)
  t.equal(service.logins.length, 1)
})

t.test('a restarted proxy goes on with the session, without a password', async (t) => {
  const { service, args, path } = await setUp(t, { password: 'CANARY-pass!word' })
  const first = await startApp(t, args)
  await fetch(`http://127.0.0.1:${first.port}/v3/workorders`)
  await first.app.drain(0)
  const session = createSessionFile(path, key)
  await session.write({ ...(await session.read())!, askedAt: 0 })

  const second = await startApp(t, args)
  await fetch(`http://127.0.0.1:${second.port}/v3/workorders`)
  t.strictSame(
    service.logins.map(({ form }) => [form.get('grant_type'), form.get('refresh_token')]),
    [
      ['password', null],
      ['refresh_token', 're!fresh-1']
    ]
  )
})

t.test('what a proxy renews does not replace the session of somebody who logs in meanwhile, or out', async (t) => {
  let answer = () => {}
  const { service, args, file } = await setUp(t, {
    login: (_request, response, form) => {
      const fresh = { access_token: 'a', expires_in: 600, refresh_token: `${form.get('refresh_token')}+` }
      if (form.get('refresh_token') === 'old') answer = () => json(response, 200, fresh)
      else json(response, 200, fresh)
    }
  })
  const { loginUrl } = service
  const session = { loginUrl, clientId: credentials.clientId, refreshToken: 'old', loggedInAt: Date.now(), askedAt: 0 }
  await file.write(session)
  const { port } = await startApp(t, args)
  const call = fetch(`http://127.0.0.1:${port}/v3/workorders`)
  await until(() => service.logins.length === 1)
  await file.write({ ...session, refreshToken: 'new' })
  answer()
  t.equal((await call).status, 200)
  t.match(await file.read(), { refreshToken: /^new/ })
})

t.test('a session that is not ours, or that the key does not open, keeps the proxy from starting', async (t) => {
  const { service, args, path, file } = await setUp(t)
  const { loginUrl } = service
  const session = { loginUrl, clientId: 'SB.9.other', refreshToken: 'r', loggedInAt: 0, askedAt: 0 }
  await file.write(session)
  await t.rejects(startApp(t, args), /of another client or login server/)
  await file.write({ ...session, clientId: credentials.clientId, username: 'somebody.else' })
  await t.rejects(startApp(t, args), /of another user/)
  await createSessionFile(path, 'another key').write(session)
  await t.rejects(startApp(t, args), /cannot be opened with this key/)
  writeFileSync(path, '{"version":1')
  await t.rejects(startApp(t, args), /damaged/)
})
