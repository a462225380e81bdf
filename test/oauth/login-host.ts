import { type FakeMethod, install } from '@sinonjs/fake-timers'
import type { Test } from 'tap'
import type { ProxyError } from '../../src/errors.js'
import { createTokenStore, type TokenStore, type TokenStoreOptions } from '../../src/oauth/token-store.js'
import { explainFailure } from '../../src/upstream/failure.js'

export const credentials = {
  clientId: 'SB.2000000042.0A1B2C3D-0000-4000-8000-CLIENT000001',
  clientSecret: 'CANARY-SECRET+/=&',
  username: 'night.porter',
  password: 'CANARY-PASSWORD!'
}

const faked: FakeMethod[] = ['setTimeout', 'clearTimeout', 'Date', 'performance']

/** A clock that only the test advances. It does not begin at 0, as no real one does. */
export function useClock(t: Test) {
  const clock = install({ toFake: faked, now: 1_800_000_000_000 })
  t.teardown(() => clock.uninstall())
  clock.tick(1000)
  return clock
}

export interface Post {
  /** Monotonic milliseconds. */
  at: number
  authorization: string
  fields: Record<string, string>
}

export type Reply = Response | Error | 'hang' | ((post: Post) => Response | Promise<Response>)

/** A login server in memory: gives each request the next reply of the script, and a new token when that has run out. */
export function loginHost(...script: Reply[]) {
  const posts: Post[] = []
  const fetch: typeof globalThis.fetch = async (_input, init) => {
    const post = {
      at: performance.now(),
      authorization: new Headers(init?.headers).get('authorization') ?? '',
      fields: Object.fromEntries(new URLSearchParams(String(init?.body)))
    }
    posts.push(post)
    const reply = script.shift() ?? grant({ access_token: `token-${posts.length}` })
    if (reply instanceof Error) throw reply
    if (reply === 'hang') return new Promise(() => {})
    return typeof reply === 'function' ? reply(post) : reply
  }
  return { posts, script, fetch, grants: () => posts.map((post) => post.fields.grant_type) }
}

export function storeFor(
  t: Test,
  fetch: typeof globalThis.fetch,
  options: Partial<TokenStoreOptions> = {}
): TokenStore {
  const store = createTokenStore({
    name: 'sandbox2',
    loginUrl: 'https://login.example.test',
    credentials,
    fetch,
    timeoutMs: 15_000,
    explain: explainFailure,
    ...options
  })
  t.teardown(() => store.close())
  return store
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}

export function grant(fields: Record<string, unknown> = {}): Response {
  return json({ access_token: 'token', token_type: 'bearer', expires_in: 600, ...fields })
}

export const invalidGrant = (description?: string) =>
  json({ error: 'invalid_grant', error_description: description }, 400)

export const redirect = () => new Response('', { status: 302, headers: { location: '/Account/LogOn' } })

export const throttled = (status: number, headers: Record<string, string> = {}) =>
  new Response('', {
    status,
    headers: { 'error-message': 'Rejected by security reason: Login attempts limit exceed.', ...headers }
  })

export const html = (status: number, text = '<html><h1>Down</h1></html>') =>
  new Response(text, { status, headers: { 'content-type': 'text/html' } })

/** As fetch fails: the code is on the cause. */
export function networkError(code: string): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}

/** The failure of a promise that must fail, settled or not yet. */
export function failureOf(promise: Promise<unknown>): Promise<ProxyError> {
  return promise.then(
    () => {
      throw new Error('it succeeded')
    },
    (error: ProxyError) => error
  )
}
