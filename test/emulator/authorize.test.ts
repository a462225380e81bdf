import t from 'tap'
import { visit } from './visitor.js'

const callback = 'http://localhost:9/callback'

function authorizeUrl(
  emulator: { loginUrl: string; credentials: { clientId: string } },
  changes: Record<string, string> = {}
) {
  const query = {
    response_type: 'code',
    client_id: emulator.credentials.clientId,
    redirect_uri: callback,
    state: 'a"b&c',
    ...changes
  }
  return `${emulator.loginUrl}/oauth/authorize?${new URLSearchParams(query)}`
}

t.test('a person logs in on a form and comes back with a code that works once', async (t) => {
  const { emulator, ask, requestToken } = await visit(t, { login: { spacingSeconds: 0 } })
  const { username, password } = emulator.credentials
  const page = await ask(authorizeUrl(emulator))
  t.match(page, { status: 200, headers: { 'content-type': /^text\/html/ }, text: /<form method="post"/ })
  t.notMatch(page.text, 'a"b', 'what came in the address is escaped')

  const submit = (fields: Record<string, string>) =>
    ask(authorizeUrl(emulator), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString()
    })
  t.match(await submit({ username, password: 'wrong' }), { status: 200, text: /incorrect/ })
  const back = await submit({ username, password })
  t.equal(back.status, 302)
  const location = new URL(String(back.headers.location))
  t.equal(location.origin + location.pathname, callback)
  t.equal(location.searchParams.get('state'), 'a"b&c')

  const code = location.searchParams.get('code') ?? ''
  t.match(back.headers.location, /code=[\w-]{4}%21/, 'codes arrive percent-encoded')
  const redeem = () => requestToken({ grant_type: 'authorization_code', code, redirect_uri: callback })
  t.equal((await redeem()).status, 200)
  t.match(await redeem(), { status: 400, text: /invalid_grant/ })
})

t.test('the token request must repeat the redirect_uri', async (t) => {
  const { emulator, ask, requestToken } = await visit(t, { login: { form: false } })
  const back = await ask(authorizeUrl(emulator))
  t.equal(back.status, 302, 'without a form the redirect follows at once')
  const code = new URL(String(back.headers.location)).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, redirect_uri: 'http://localhost:9/elsewhere' }
  t.match(await requestToken(form), { status: 400, text: /invalid_grant/ })
})

t.test('an unknown client or callback is shown, another response_type is sent back', async (t) => {
  const registered = {
    clientId: 'SB.1.A',
    clientSecret: 'S',
    users: [{ username: 'u', password: 'p' }],
    redirectUris: [callback]
  }
  const { emulator, ask } = await visit(t, { login: { form: false }, clients: [registered] })
  t.equal((await ask(authorizeUrl(emulator, { client_id: 'SB.1.B' }))).status, 400)
  t.equal((await ask(authorizeUrl(emulator, { redirect_uri: 'http://localhost:9/else' }))).status, 400)
  t.equal((await ask(authorizeUrl(emulator, { redirect_uri: 'javascript:alert(1)' }))).status, 400)
  const back = await ask(authorizeUrl(emulator, { response_type: 'token' }))
  t.match(back.headers.location, /\?error=unsupported_response_type&state=/)
})
