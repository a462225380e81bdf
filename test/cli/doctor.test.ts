import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { doctor } from '../../src/cli/doctor.js'
import type { Finding } from '../../src/cli/finding.js'
import { openLoginLedger } from '../../src/cli/login-ledger.js'
import { createSessionFile } from '../../src/oauth/session-file.js'
import { makeCertificates } from '../support/certificates.js'
import { credentials, json, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'
import { configFor, sc, startApp } from './app.js'

const isWindows = process.platform === 'win32'

async function setUp(t: Test, options: ServerOptions = {}, more: object = {}) {
  const service = await startServiceChannel(t, options)
  const { folder, args } = configFor(t, service, more)
  chmodSync(join(folder, 'config.json'), 0o600)
  const posts = () =>
    service.logins.filter(({ form }) => form.has('grant_type')).map(({ form }) => form.get('grant_type'))
  return { service, folder, args, posts }
}

async function examine(argv: readonly string[]) {
  const { code, out, err } = await sc([doctor], ['doctor', '--json', ...argv])
  if (!out) throw new Error(err)
  const { fine, findings } = JSON.parse(out) as { fine: boolean; findings: Finding[] }
  const [first, ...others] = findings.filter(({ status }) => status === 'wrong')
  const of = (check: string) => findings.filter((finding) => finding.check === check)
  return { code, out, fine, findings, wrong: first, others, of }
}

t.test('where all is well every line says what was found, for one login and one call', async (t) => {
  const { service, args, posts } = await setUp(t)
  const { code, fine, of, findings, out } = await examine(args)
  t.strictSame([code, fine], [0, true], out)
  t.strictSame([...new Set(findings.map(({ check }) => check))].sort(), [
    ...['call', 'client', 'clock', 'connect', 'dns', ...(isWindows ? [] : ['file'])],
    ...['proxy', 'quota', 'tls', 'user']
  ])
  t.match(of('tls')[0]?.found, /^TLSv1\.2, .+; .+ ← .+; verified, until 20\d\d-/)
  t.strictSame(posts(), ['password'])
  t.strictSame(
    service.arrivals.map(({ method, url }) => `${method} ${url}`),
    ['GET /v3/odata/workorders?$top=1&$select=Id']
  )
  t.notMatch(out, /CANARY|token-/)
  const told = await sc([doctor], ['doctor', '--no-login', ...args])
  t.match(told, { code: 0, out: /^ok +proxy on this machine: none is running\n[\s\S]*\nNothing is wrong\.\n$/ })
  t.strictSame(posts(), ['password'], 'and with --no-login for none')
})

t.test('a rejected client is told from a rejected user, and neither is tried twice', async (t) => {
  const client = await setUp(t, {
    login: (_request, response) => void response.writeHead(302, { location: '/Account/LogOn' }).end()
  })
  const one = await examine(client.args)
  t.match(
    [one.code, one.wrong, one.of('user')],
    [1, { check: 'client', advice: /rejected the client id or secret/ }, [{ status: 'skipped' }]]
  )
  t.equal(client.posts().length, 1)

  const user = await setUp(t, { login: (_request, response) => json(response, 400, { error: 'invalid_grant' }) })
  const two = await examine(user.args)
  t.match([two.code, two.wrong, two.of('client')], [1, { check: 'user', found: /tried once/ }, [{ status: 'ok' }]])
  t.equal(user.posts().length, 1)
  t.equal(user.service.arrivals.length, 0)
})

t.test('a rejected password is not tried by the next run either, until it is another', async (t) => {
  const { service, folder, args, posts } = await setUp(t, {
    login: (_request, response) => json(response, 400, { error: 'invalid_grant' })
  })
  const state = join(folder, 'state')
  const argv = [...args, '--state-dir', state]
  t.match((await examine(argv)).wrong, { check: 'user', found: /tried once/ })
  t.match((await examine(argv)).wrong, { check: 'user', found: /was rejected before/, advice: /Correct it/ })
  t.equal(posts().length, 1)
  for (const name of readdirSync(state)) t.notMatch(readFileSync(join(state, name), 'utf8'), /CANARY/)

  const ledger = openLoginLedger(state, service.loginUrl, credentials.username)
  t.ok(ledger.wasRejected(credentials.password))
  t.notOk(ledger.wasRejected('CANARY-another'))
  t.ok(Date.now() - ledger.askedAt < 60_000, 'and the next login keeps its distance')
  ledger.record(1)
  t.match(
    [openLoginLedger(state, service.loginUrl, credentials.username).askedAt, ledger.wasRejected(credentials.password)],
    [1, false]
  )
})

t.test('who cannot be trusted or reached gets no login', async (t) => {
  const { service, folder, args, posts } = await setUp(t)
  const { ca } = await makeCertificates()
  writeFileSync(join(folder, 'ca.pem'), ca)
  const untrusted = await examine(args)
  t.match([untrusted.code, untrusted.wrong], [1, { check: 'tls', found: /authority/, advice: /--ca-file/ }])
  t.match(untrusted.of('user'), [{ status: 'skipped' }])

  writeFileSync(join(folder, 'ca.pem'), service.ca)
  await new Promise((resolve) => service.api.close(resolve))
  const gone = await examine(args)
  t.match(
    [gone.code, gone.wrong, gone.others],
    [1, { check: 'connect', subject: new URL(service.apiUrl).host, found: /ECONNREFUSED/ }, []]
  )
  t.strictSame(posts(), [])
})

t.test('a clock that is wrong, a file others can read and a forbidden route are worth a word, no more', async (t) => {
  const { folder, args } = await setUp(t, {
    login: (_request, response) =>
      json(
        response,
        200,
        { access_token: 'a', expires_in: 600 },
        { date: new Date(Date.now() + 600_000).toUTCString() }
      ),
    answer: (_request, response) => json(response, 401, { ErrorCode: 504 })
  })
  chmodSync(join(folder, 'config.json'), 0o644)
  const { code, of } = await examine(args)
  t.equal(code, 0)
  t.match(of('clock'), [{ status: 'warning', found: /(599|600) s behind/ }])
  t.match(of('call'), [{ status: 'ok', found: /may not list work orders \(401\)/ }])
  if (!isWindows) t.match(of('file'), [{ status: 'warning', advice: /^chmod 600 .*config\.json$/ }])
})

t.test(
  'where only the emulator is configured, nobody is made to believe that ServiceChannel was looked at',
  async (t) => {
    const { code, of } = await examine(['--port', '0', '--admin-port', '0'])
    t.equal(code, 0)
    t.match(of('environment'), [{ status: 'skipped', found: /ServiceChannel was not looked at/, advice: /--config/ }])
  }
)

t.test('a port somebody else has is told', async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  t.teardown(() => other.close())
  const { port } = other.address() as net.AddressInfo
  const { args } = await setUp(t, {}, { port })
  const { code, wrong } = await examine(['--no-login', ...args])
  t.match([code, wrong], [1, { check: 'port', subject: `127.0.0.1:${port}`, advice: /already in use/ }])
})

t.test(
  'beside a running proxy it does not log in: that one has the login, and what it was refused is not tried',
  async (t) => {
    let isRight = true
    const { service, args, posts } = await setUp(t, {
      login: (_request, response) =>
        isRight
          ? json(response, 200, { access_token: 'a', expires_in: 600 })
          : json(response, 400, { error: 'invalid_grant' })
    })
    const { adminArgs } = await startApp(t, args)
    const fine = await examine([...args, ...adminArgs])
    t.equal(fine.code, 0, fine.out)
    t.match(fine.of('quota'), [{ status: 'ok', found: /^0 of 300 calls/ }])
    t.strictSame([posts(), service.arrivals.length], [['password'], 1], 'the call went through it')

    isRight = false
    const other = await setUp(t, { login: (_request, response) => json(response, 400, { error: 'invalid_grant' }) })
    const rejected = await startApp(t, other.args)
    const first = await examine([...other.args, ...rejected.adminArgs])
    t.match([first.code, first.wrong], [1, { check: 'call', found: /login_rejected/ }])
    const again = await examine([...other.args, ...rejected.adminArgs])
    t.match([again.code, again.wrong], [1, { check: 'user', found: /was rejected/ }])
    t.equal(other.posts().length, 1)
  }
)

t.test('a kept session is used, and what it turns into is kept', async (t) => {
  const { service, folder } = await setUp(t)
  const { clientId, clientSecret } = credentials
  const own = { clientId, clientSecret, sessionFile: 'session', sessionKey: 'key' }
  const { apiUrl, loginUrl } = service
  const environments = { mine: { apiUrl, loginUrl, caFile: 'ca.pem', credentials: own } }
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ environment: 'mine', port: 0, admin: { port: 0 }, environments })
  )
  const args = ['--config', join(folder, 'config.json')]
  t.match((await examine(args)).wrong, { check: 'user', found: /nothing to log in/, advice: /sc-proxy login/ })

  const file = createSessionFile(join(folder, 'session'), 'key')
  await file.write({ loginUrl, clientId, refreshToken: 're!fresh-0', loggedInAt: 1, askedAt: 0 })
  const { code } = await examine(args)
  t.equal(code, 0)
  t.equal(service.logins.at(-1)?.form.get('refresh_token'), 're!fresh-0')
  t.match(await file.read(), { refreshToken: /^re!fresh-[1-9]/, loggedInAt: 1 })
})
