import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'
import { createTokenStore, type TokenStoreOptions } from '../../src/oauth/token-store.js'
import { explainFailure } from '../../src/upstream/failure.js'
import { credentials, failureOf } from './login-host.js'

interface Seen {
  line: string
  headers: IncomingMessage['headers']
  body: string
}

const token = { access_token: 'AAEAAtoken', token_type: 'bearer', expires_in: 600, refresh_token: 'q1w2!IAAAA-_' }

/** A login host that answers the n-th request with the n-th listener, the last one for all that follow. */
async function login(t: Test, ...answers: RequestListener[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body: await text(request) })
    answers[Math.min(seen.length, answers.length) - 1]?.(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { seen, loginUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const grants: RequestListener = (_request, response) => {
  response.setHeader('set-cookie', 'sc_auth_SB2=1; Path=/')
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(token))
}

/** A store whose requests need not keep their distance. */
function hastyStore(loginUrl: string, options: Partial<TokenStoreOptions> = {}) {
  const governor = { run: <T>(task: () => Promise<T>) => task(), restFor() {}, waitMs: () => 0 }
  return createTokenStore({
    name: 'mine',
    loginUrl,
    credentials,
    explain: explainFailure,
    fetch: globalThis.fetch,
    governors: { of: () => governor },
    timeoutMs: 5000,
    ...options
  })
}

t.test('the password grant, byte for byte', async (t) => {
  const { seen, loginUrl } = await login(t, grants)
  t.match(await hastyStore(loginUrl).get(), { accessToken: 'AAEAAtoken' })
  t.equal(seen[0]?.line, 'POST /oauth/token')
  t.equal(seen[0]?.body, 'username=night.porter&password=CANARY-PASSWORD%21&grant_type=password')
  t.match(seen[0]?.headers, {
    accept: 'application/json',
    'content-type': /^application\/x-www-form-urlencoded(;|$)/,
    'user-agent': 'sc-proxy'
  })
  const basic = String(seen[0]?.headers.authorization).replace('Basic ', '')
  t.equal(
    Buffer.from(basic, 'base64').toString(),
    'SB.2000000042.0A1B2C3D-0000-4000-8000-CLIENT000001:CANARY-SECRET+/=&',
    'neither part is form-encoded'
  )
})

t.test('the refresh grant keeps the exclamation mark of a refresh token, and sends no cookie', async (t) => {
  const { seen, loginUrl } = await login(t, grants)
  const store = hastyStore(loginUrl)
  store.refuse(await store.get())
  await store.get()
  t.equal(seen[1]?.body, 'refresh_token=q1w2%21IAAAA-_&grant_type=refresh_token')
  t.equal(seen[1]?.headers.cookie, undefined)
})

t.test('the code grant repeats the redirect URI', async (t) => {
  const { seen, loginUrl } = await login(t, grants)
  await hastyStore(loginUrl).loginWithCode('a b+c', 'http://127.0.0.1:8765/callback')
  t.equal(
    seen[0]?.body,
    'code=a+b%2Bc&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcallback&grant_type=authorization_code'
  )
})

t.test('a redirect is not followed', async (t) => {
  const { seen, loginUrl } = await login(t, (_request, response) => {
    response.writeHead(302, { location: '/Account/LogOn?ReturnUrl=%2foauth%2ftoken' }).end('<html>moved</html>')
  })
  t.match(await failureOf(hastyStore(loginUrl).get()), { code: 'login_rejected', message: RegExp(loginUrl) })
  t.equal(seen.length, 1)
})

t.test('an answer cut short is a dropped connection, and is asked for again', async (t) => {
  const cut: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('{"access_token":"AAE', () => response.destroy())
  }
  const { loginUrl } = await login(t, cut, grants)
  t.match(await hastyStore(loginUrl).get(), { accessToken: 'AAEAAtoken' })
  const dead = await login(t, cut)
  t.match(await failureOf(hastyStore(dead.loginUrl).get()), {
    code: 'login_unreachable',
    message: /closed the connection/
  })
})

t.test('nobody listening is told apart from somebody who cannot be trusted', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const refused = failureOf(hastyStore(`http://127.0.0.1:${port}`).get())
  t.match(await refused, { code: 'login_unreachable', message: /ECONNREFUSED/ })

  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
  const server = createTlsServer({ key, cert }, (_request, response) => response.end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => server.close())
  const stranger = failureOf(hastyStore(`https://127.0.0.1:${(server.address() as AddressInfo).port}`).get())
  t.match(await stranger, { code: 'login_untrusted', message: /DEPTH_ZERO_SELF_SIGNED_CERT/ })
})

t.test('secrets travel unencrypted on loopback only', async (t) => {
  for (const origin of ['http://localhost:1', 'http://127.0.0.1:1', 'http://[::1]:1', 'https://login.example.test']) {
    t.doesNotThrow(() => hastyStore(origin), origin)
  }
  for (const origin of ['http://login.example.test', 'http://127.0.0.1.example.test', 'ftp://localhost', 'localhost']) {
    t.throws(() => hastyStore(origin), TypeError, origin)
  }
})
