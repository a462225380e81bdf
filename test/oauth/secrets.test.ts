import { inspect } from 'node:util'
import t from 'tap'
import { createTokenStore, type TokenEvent } from '../../src/oauth/token-store.js'
import { explainFailure } from '../../src/upstream/failure.js'
import {
  credentials,
  failureOf,
  grant,
  json,
  loginHost,
  networkError,
  type Post,
  type Reply,
  useClock
} from './login-host.js'

/** Every secret of these tests contains the word; the Basic credentials only once decoded. */
const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64')
const tells = (text: string) => /canary/i.test(text) || text.includes(basic)

/** A server that repeats whatever it was sent. */
const echo = (status: number, write: (text: string) => string) => (post: Post) =>
  new Response(write(Object.values(post.fields).join(' ') + post.authorization), { status })

const described = (description: (post: Post) => string) => (post: Post) =>
  json({ error: 'invalid_grant', error_description: description(post) }, 400)

function leakyNetworkError(): Error {
  const error = networkError('ECONNRESET')
  return Object.assign(error, { data: '{"access_token":"CANARY-ACCESS"}', message: 'CANARY-ACCESS' })
}

const replies: Record<string, Reply> = {
  'the password in a description': described(({ fields }) => `no such password: ${fields.password}`),
  'the password as a form': described(({ fields }) => String(new URLSearchParams({ x: fields.password ?? '' }))),
  'the password as a URL': described(({ fields }) => encodeURIComponent(fields.password ?? '')),
  'the password as an HTML page writes it': described(({ fields }) => `${fields.password}`.replace('!', '&#33;')),
  'the password in capitals': described(({ fields }) => `${fields.password}`.toLowerCase()),
  'the password behind 200 other characters': described(({ fields }) => `${'-'.repeat(195)}${fields.password}`),
  'the Basic credentials': described(({ authorization }) => authorization),
  'the secret in the error itself': () => json({ error: credentials.clientSecret }, 400),
  'HTML 200': echo(200, (text) => `<html>${text}</html>`),
  'HTML 400': echo(400, (text) => `<html>${text}</html>`),
  'HTML 500': echo(500, (text) => `<html>${text}</html>`),
  'a redirect': (post) => new Response('', { status: 302, headers: { location: `/LogOn?${post.fields.password}` } }),
  'a status text': (post) => new Response('', { status: 500, statusText: post.fields.password }),
  'half a token answer': () => new Response('{"access_token":"CANARY-ACCESS", "refresh_token":"CANARY-REF'),
  'an odd token answer': () => grant({ access_token: 'CANARY-ACCESS', token_type: 'mac' }),
  'a token without life': () => grant({ access_token: 'CANARY-ACCESS', expires_in: 0 }),
  'an error of the HTTP client': leakyNetworkError()
}

for (const [name, reply] of Object.entries(replies)) {
  t.test(`nothing secret is told of ${name}`, async (t) => {
    const clock = useClock(t)
    const host = loginHost(grant({ access_token: 'CANARY-ACCESS', refresh_token: 'CANARY-REFRESH!' }), reply, reply)
    const events: TokenEvent[] = []
    const store = createTokenStore({
      name: 'sandbox2',
      loginUrl: 'https://login.example.test',
      credentials,
      fetch: host.fetch,
      explain: explainFailure,
      timeoutMs: 15_000,
      onEvent: (event) => events.push(event)
    })
    t.teardown(() => store.close())
    await store.get()
    store.replaceCredentials({ ...credentials, password: 'CANARY-OTHER P%ss!' })
    const failures = [failureOf(store.get()), failureOf(store.loginWithCode('CANARY-CODE', 'http://127.0.0.1/'))]
    host.script.push(reply)
    await clock.tickAsync(20_000)
    failures.push(failureOf(store.get()))
    const told = await Promise.all(failures)
    t.ok(told.every(({ code }) => code.startsWith('login_')))
    t.ok(events.some(({ type }) => type === 'failed'))
    for (const thing of [...told, ...events, store.snapshot(), store]) {
      t.notOk(tells(inspect(thing, { depth: Number.POSITIVE_INFINITY, showHidden: true })))
      t.notOk(tells(JSON.stringify(thing)))
    }
  })
}

t.test('a harmless description is quoted, cleaned and cut', async (t) => {
  useClock(t)
  const host = loginHost(
    json({ error: 'invalid_grant', error_description: `Locked\u0000\r\n out\u200b ${'é'.repeat(300)}` }, 400)
  )
  const store = createTokenStore({
    name: 'sandbox2',
    loginUrl: 'https://login.example.test',
    credentials,
    fetch: host.fetch,
    explain: explainFailure,
    timeoutMs: 15_000
  })
  const { message } = await failureOf(store.get())
  t.equal(/\("(.*)"\)/.exec(message)?.[1], `Locked out ${'é'.repeat(189)}`)
})
