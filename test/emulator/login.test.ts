import t from 'tap'
import { basic, handClock, visit } from './visitor.js'

interface Tokens {
  access_token: string
  refresh_token: string
  expires_in: unknown
}

t.test('a password login is answered as ServiceChannel does', async (t) => {
  const { logIn } = await visit(t)
  const answer = await logIn()
  t.equal(answer.status, 200)
  const { access_token, refresh_token, ...rest } = answer.json<Tokens>()
  t.same(rest, { token_type: 'bearer', expires_in: 600 })
  t.match(access_token, /^AAEAA[\w-]{495,695}$/)
  t.match(refresh_token, /^[\w-]{4}!IAAAA[\w-]{320}$/)
  t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache', 'content-type': /^application\/json/ })
  t.ok(answer.headers['set-cookie']?.length)
})

t.test('the client may authenticate in the body instead of Basic, and expires_in may be a string', async (t) => {
  const { emulator, requestToken } = await visit(t, { login: { expiresIn: 'string' } })
  const { clientId, clientSecret, username, password } = emulator.credentials
  const form = { grant_type: 'password', username, password, client_id: clientId, client_secret: clientSecret }
  const answer = await requestToken(form, '')
  t.equal(answer.status, 200)
  t.equal(answer.json<Tokens>().expires_in, '600')
})

t.test('a wrong client is sent to the log-on page, whatever the grant', async (t) => {
  const { emulator, ask, requestToken } = await visit(t)
  const { clientId, clientSecret, username, password } = emulator.credentials
  const strangers = [
    '',
    'Basic !!!',
    basic({ clientId, clientSecret: 'wrong' }),
    basic({ clientId: 'SB.2014900001.NOBODY', clientSecret }),
    // The login server does not decode percent signs in Basic credentials.
    basic({ clientId: clientId.replaceAll('.', '%2E'), clientSecret })
  ]
  for (const authorization of strangers) {
    for (const grant_type of ['password', 'refresh_token', 'nonsense']) {
      const answer = await requestToken({ grant_type, username, password, refresh_token: 'x!y' }, authorization)
      t.equal(answer.status, 302)
      t.equal(answer.headers.location, '/Account/LogOn?ReturnUrl=%2foauth%2ftoken')
      t.match(answer.headers['content-type'], /^text\/html/)
    }
  }
  const page = await ask(`${emulator.loginUrl}/Account/LogOn?ReturnUrl=%2foauth%2ftoken`)
  t.match(page, { status: 200, headers: { 'content-type': /^text\/html/ } })
})

t.test('a wrong user, an unknown grant and a missing field are OAuth errors', async (t) => {
  const { emulator, requestToken } = await visit(t)
  const { username, password } = emulator.credentials
  const cases: [Record<string, string>, string][] = [
    [{ grant_type: 'password', username: 'nobody', password }, 'invalid_grant'],
    [{ grant_type: 'password', username, password: 'wrong' }, 'invalid_grant'],
    [{ grant_type: 'refresh_token', refresh_token: 'abcd!IAAAA' }, 'invalid_grant'],
    [{ grant_type: 'authorization_code', code: 'abcd!IAAAA', redirect_uri: 'http://localhost/' }, 'invalid_grant'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [{ grant_type: 'toString' }, 'unsupported_grant_type'],
    [{ grant_type: 'password', username }, 'invalid_request'],
    [{}, 'invalid_request']
  ]
  for (const [form, error] of cases) {
    const answer = await requestToken(form)
    t.equal(answer.status, 400, JSON.stringify(form))
    t.equal(answer.json().error, error, JSON.stringify(form))
  }
})

t.test('a user may ask once in 5 seconds; refreshes and failed logins count', async (t) => {
  const clock = handClock()
  const { emulator, requestToken, logIn } = await visit(t, { now: clock.now })
  const { username } = emulator.credentials
  const first = (await logIn()).json<Tokens>()
  const refresh = () => requestToken({ grant_type: 'refresh_token', refresh_token: first.refresh_token })
  const fail = () => requestToken({ grant_type: 'password', username: username.toUpperCase(), password: 'wrong' })

  clock.advance(4_999)
  for (const again of [logIn, refresh, fail]) {
    const answer = await again()
    t.equal(answer.status, 429)
    t.equal(answer.headers['error-message'], 'Rejected by security reason: Login attempts limit exceed.')
  }
  clock.advance(1)
  t.equal((await refresh()).status, 200, 'a rejected attempt does not start the time anew')
  t.equal((await logIn()).status, 429, 'a refresh counts')
  clock.advance(5_000)
  t.equal((await fail()).status, 400)
  t.equal((await logIn()).status, 429, 'a failed login counts')
  t.equal((await requestToken({ grant_type: 'password', username: 'other', password: 'x' })).status, 400, 'per user')
})

t.test('the rule has a legacy form with 503', async (t) => {
  const { logIn } = await visit(t, { login: { spacingStatus: 503 } })
  await logIn()
  t.match(await logIn(), { status: 503, headers: { 'error-message': /^Rejected by security reason/ } })
})

t.test('a refresh token is renewed in the way the scenario says', async (t) => {
  const kinds = [
    { refreshToken: 'new', changes: true, oldWorks: true },
    { refreshToken: 'new-only', changes: true, oldWorks: false },
    { refreshToken: 'same', changes: false, oldWorks: true },
    { refreshToken: 'absent', changes: true, oldWorks: true }
  ] as const
  for (const { refreshToken, changes, oldWorks } of kinds) {
    const { logIn, requestToken } = await visit(t, { login: { refreshToken, spacingSeconds: 0 } })
    const old = (await logIn()).json<Tokens>().refresh_token
    const refresh = () => requestToken({ grant_type: 'refresh_token', refresh_token: old })
    const renewed = (await refresh()).json<Tokens>().refresh_token
    t.equal(renewed !== old, changes, refreshToken)
    t.equal(renewed === undefined, refreshToken === 'absent', refreshToken)
    t.equal((await refresh()).status, oldWorks ? 200 : 400, refreshToken)
  }
})

t.test('a refresh token dies after 30 days, and is nothing in the hands of another client', async (t) => {
  const clock = handClock()
  const ours = { clientId: 'SB.2014900001.OURS', clientSecret: 'A', users: [{ username: 'kim', password: 'p' }] }
  const theirs = { clientId: 'PR.2015800009.THEIRS', clientSecret: 'B', users: [] }
  const { logIn, requestToken } = await visit(t, { now: clock.now, clients: [ours, theirs] })
  const { refresh_token } = (await logIn()).json<Tokens>()
  clock.advance(5_000)
  t.equal((await requestToken({ grant_type: 'refresh_token', refresh_token }, basic(theirs))).status, 302)
  clock.advance(30 * 86_400_000 - 5_001)
  t.equal((await requestToken({ grant_type: 'refresh_token', refresh_token })).status, 200)
  clock.advance(5_001)
  t.equal((await requestToken({ grant_type: 'refresh_token', refresh_token })).status, 400)
})
