import { ProxyError } from '../errors.js'
import type { Failure } from './answer.js'
import type { Grant } from './grant.js'

/** Why a connection failed, in words: the same for the login and the API. */
export interface Explanation {
  kind: 'unreachable' | 'untrusted' | 'timeout' | 'dropped' | 'invalid'
  /** One clause, without host names. */
  reason: string
  /** Nothing helps but that somebody mends it. */
  isLasting: boolean
}

/** How the failures of one environment are told. */
export interface LoginHost {
  /** The environment. */
  name: string
  origin: string
  explain: (error: unknown) => Explanation
}

/**
 * The failure as a row of the problem table. Names the environment, the login origin and what to do; holds neither a
 * secret nor, beyond a short `error_description`, any text of the server's. Deliberately without a cause: what the
 * HTTP client throws may carry raw bytes of the answer.
 *
 * @param secrets a description that contains one of these is left out
 */
export function loginFailure(outcome: Failure, grant: Grant, host: LoginHost, secrets: string[]): ProxyError {
  const server = `The login server of "${host.name}" (${host.origin})`
  switch (outcome.kind) {
    case 'client_rejected':
      return grant.type === 'refresh_token'
        ? sessionEnded(host, ` If that fails too, check the client id and secret (${clientPlaces}).`)
        : new ProxyError(
            'login_rejected',
            `${server} rejected the client id or secret, or the client was not made in this environment. ` +
              `Check both (${clientPlaces}), and register the client in this environment itself.`
          )
    case 'grant_rejected':
      return grantRejected(outcome, grant, host, secrets)
    case 'throttled':
      return new ProxyError('login_resting', `${server} allows no more logins of this user for the moment.`)
    case 'unusable':
      return new ProxyError('login_resting', `${server} ${outcome.reason}.`)
    case 'timeout':
      return new ProxyError('login_timeout', `${server} did not answer in time.`)
    case 'failed':
      return connectionFailed(host.explain(outcome.error), server)
  }
}

/** Where a person finds what to correct. */
const placesOf = (variables: string) => `"sc-proxy config" shows whether they come from ${variables} or from a file`
const clientPlaces = placesOf('SC_PROXY_CLIENT_ID and SC_PROXY_CLIENT_SECRET')
const userPlaces = placesOf('SC_PROXY_USERNAME and SC_PROXY_PASSWORD')

/** Nothing is configured to log in with. */
export function nothingToLogInWith({ name, origin }: LoginHost): ProxyError {
  return new ProxyError(
    'login_rejected',
    `There is nothing to log in to "${name}" (${origin}) with. Set SC_PROXY_USERNAME and SC_PROXY_PASSWORD, or run sc-proxy login.`
  )
}

function sessionEnded({ name, origin }: LoginHost, doubt = ''): ProxyError {
  return new ProxyError('login_rejected', `The session has ended: "${name}" (${origin}) wants a new login.${doubt}`)
}

function grantRejected(
  { error, description }: Failure & { kind: 'grant_rejected' },
  grant: Grant,
  host: LoginHost,
  secrets: string[]
): ProxyError {
  if (grant.type === 'refresh_token') return sessionEnded(host)
  const server = `The login server of "${host.name}" (${host.origin})`
  const reason = quote(description ?? error, secrets)
  const because = reason === undefined ? '' : ` ("${reason}")`
  return new ProxyError(
    'login_rejected',
    grant.type === 'password'
      ? `${server} rejected the user name or password${because}. Check both (${userPlaces}). ` +
          'So that the account is not locked, they are not tried again until one of them changes.'
      : `${server} rejected the authorization code${because}. It works once and for a short time: ask for another.`
  )
}

function connectionFailed({ kind, reason }: Explanation, server: string): ProxyError {
  switch (kind) {
    case 'untrusted':
      return new ProxyError('login_untrusted', `${server} cannot be trusted: ${reason}.`)
    case 'timeout':
      return new ProxyError('login_timeout', `${server} did not answer in time: ${reason}.`)
    case 'unreachable':
    case 'dropped':
    case 'invalid':
      return new ProxyError('login_unreachable', `${server} cannot be reached: ${reason}.`)
  }
}

/** Percent-encoding, entities and escapes: something was repeated, and a secret could hide in it. */
const encoded = /%[0-9a-f]{2}|&#?\w+;|\\/i

/** The text cut to 200 printable characters, unless a secret shows in it, before or after the cleaning. */
function quote(text: string | undefined, secrets: string[]): string | undefined {
  if (text === undefined) return undefined
  const printable = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim()
  const forms = [text.toLowerCase(), printable.toLowerCase()]
  const tells = secrets.some((secret) => forms.some((form) => form.includes(secret.toLowerCase())))
  return tells || encoded.test(text) || printable === '' ? undefined : printable.slice(0, 200)
}
