import { isIPv4 } from 'node:net'
import { allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi'
import { type Outcome, readAnswer } from './answer.js'
import { untilAborted } from './until-aborted.js'

/** The grants ServiceChannel knows (Basics: Authentication), with their fields: RFC 6749 §4.3.2, §6 and §4.1.3. */
export type Grant =
  | { type: 'password'; username: string; password: string }
  | { type: 'refresh_token'; refreshToken: string }
  | { type: 'authorization_code'; code: string; redirectUri: string }

export interface LoginServer {
  /** See `tokenEndpoint`. */
  endpoint: URL
  fetch: typeof globalThis.fetch
  /** From the start of the request to the last byte of the answer. */
  timeoutMs: number
}

export interface Client {
  clientId: string
  clientSecret: string
}

/**
 * Where a login origin takes its token requests.
 *
 * @throws {TypeError} when it is not a URL, or when secrets would leave this machine unencrypted: only `https:`, and
 * `http:` on a loopback address, which is how an emulator may listen.
 */
export function tokenEndpoint(loginUrl: string): URL {
  const endpoint = new URL('/oauth/token', loginUrl)
  if (endpoint.protocol === 'https:') return endpoint
  if (endpoint.protocol === 'http:' && isLoopback(endpoint.hostname)) return endpoint
  throw new TypeError(`The login URL must begin with https:// (${endpoint.origin})`)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

/**
 * Sends one token request and reads the answer. Never follows a redirect: one is the server's way of rejecting the
 * client, and the secrets would travel along. Every failure is an outcome; rejects only with the signal's reason.
 */
export async function ask(server: LoginServer, client: Client, grant: Grant, signal: AbortSignal): Promise<Outcome> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), server.timeoutMs)
  const either = AbortSignal.any([signal, deadline.signal])
  try {
    return await untilAborted(post(server, client, grant, either).then(readAnswer), either)
  } catch (error) {
    signal.throwIfAborted()
    return deadline.signal.aborted ? { kind: 'timeout' } : { kind: 'failed', error }
  } finally {
    clearTimeout(timer)
  }
}

async function post(server: LoginServer, client: Client, grant: Grant, signal: AbortSignal): Promise<Response> {
  return genericTokenEndpointRequest(
    { issuer: server.endpoint.origin, token_endpoint: server.endpoint.href },
    { client_id: client.clientId },
    // RFC 6749 §2.3.1 wants both parts form-encoded, which would turn the dots of every ServiceChannel client id into
    // %2E. ServiceChannel documents the plain form.
    (_server, _client, _body, headers) => headers.set('authorization', `Basic ${basicCredentials(client)}`),
    grant.type,
    fieldsOf(grant),
    {
      [customFetch]: server.fetch,
      [allowInsecureRequests]: true, // tokenEndpoint() has the stricter rule
      headers: { 'user-agent': 'sc-proxy' },
      signal
    }
  )
}

/** The value after `Basic` (RFC 7617 §2), in UTF-8. */
export function basicCredentials({ clientId, clientSecret }: Client): string {
  return Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
}

function fieldsOf(grant: Grant): Record<string, string> {
  switch (grant.type) {
    case 'password':
      return { username: grant.username, password: grant.password }
    case 'refresh_token':
      return { refresh_token: grant.refreshToken }
    case 'authorization_code':
      return { code: grant.code, redirect_uri: grant.redirectUri }
  }
}
