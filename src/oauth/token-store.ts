import { LRUCache } from 'lru-cache'
import { type ProblemCode, ProxyError } from '../errors.js'
import { createElapsedClock } from './clock.js'
import { createGovernors, type Governors } from './governor.js'
import { tokenEndpoint } from './grant.js'
import { createLogin, type Login, type TokenEvent } from './login.js'
import type { Explanation } from './login-failure.js'
import { type Credentials, createSession, type Session } from './session.js'
import { createStanding } from './standing.js'
import { untilAborted } from './until-aborted.js'

export type { TokenEvent } from './login.js'
export type { Credentials } from './session.js'

/** Times are milliseconds of the store's `now`. */
export interface Token {
  readonly accessToken: string
  /** When it was asked for. */
  readonly obtainedAt: number
  /** From here on it is never handed out. */
  readonly expiresAt: number
  /** This long before its end a renewal starts in the background. */
  readonly marginMs: number
  /** Later tokens of a store have higher numbers. */
  readonly generation: number
}

/** The state of a login, without secrets. */
export interface TokenSnapshot {
  /** `rejected` and `resting` are told only once no valid token is left: until then the login works. */
  state: 'none' | 'valid' | 'expired' | 'rejected' | 'resting'
  expiresInMs?: number
  /** Until the refresh tokens of the last login end. */
  sessionEndsInMs?: number
  /** Until the login is tried again. */
  restingForMs?: number
  lastError?: ProblemCode
}

export interface TokenStore {
  /** The token as long as nothing need be done or awaited to have it: it is valid and its renewal is not due. */
  fresh(): Token | undefined
  /**
   * A token that is valid right now. Rejects with ProxyError: a `login_…` row, `client_left` when the signal was
   * aborted (or its reason, if that is a ProxyError), `draining` after `close`. The signal ends this caller's wait
   * only, never the renewal that others share.
   */
  get(signal?: AbortSignal): Promise<Token>
  /**
   * The API answered 401 to this token and its age speaks against it: it is not handed out again, unless the login
   * fails and the API has let others in with it during the last minute. False when one was refused less than a minute
   * ago; the 401 is then the answer.
   */
  refuse(token: Token): boolean
  /** The API let a call in with this token. */
  accepted(token: Token): void
  /** When that was last, to judge a later 401. */
  lastAcceptedAt(token: Token): number | undefined
  /** After a reload. Different secrets begin a new session, even after a rejection; the same ones change nothing. */
  replaceCredentials(credentials: Credentials): void
  /** Somebody runs `login`: whatever was rejected or is resting may be tried once more, with the same secrets. */
  tryAgain(): void
  /** Exchanges an authorization code for a new session (RFC 6749 §4.1.3). Until it succeeds the old one goes on. */
  loginWithCode(code: string, redirectUri: string): Promise<void>
  snapshot(): TokenSnapshot
  /** Ends the renewal under way and every wait for it; holds no timer afterwards. */
  close(): void
}

export interface TokenStoreOptions {
  /** The environment, for sentences. */
  name: string
  loginUrl: string
  credentials: Credentials
  /** Brings its own TLS and proxy settings. */
  fetch: typeof globalThis.fetch
  /** One for the process, so that stores of the same user keep their requests apart. */
  governors?: Governors
  /** For each request to the token endpoint, whole. */
  timeoutMs: number
  /** Monotonic milliseconds; whoever compares a token's times must use the same clock. */
  now?: () => number
  explain: (error: unknown) => Explanation
  onEvent?: (event: TokenEvent) => void
}

/**
 * Keeps the token of one environment. Whoever asks while it is fresh gets it; near its end they still do, and one
 * renewal runs in the background; past its end they wait for that one renewal together.
 *
 * @throws {TypeError} when `loginUrl` is unusable
 */
export function createTokenStore(options: TokenStoreOptions): TokenStore {
  const { name, loginUrl, fetch, governors = createGovernors(), timeoutMs } = options
  const { now = createElapsedClock(), explain, onEvent = () => {} } = options
  const endpoint = tokenEndpoint(loginUrl)
  const host = { name, origin: endpoint.origin, explain }
  const standing = createStanding(now)
  let generation = 0
  let closed = false

  // The login is the key: after new credentials the old one's renewal, still under way, has nowhere to write to.
  // Room for more than one, so that a login by code can go on beside the session it is to replace.
  const tokens = new LRUCache<Login, Token>({
    max: 4,
    perf: { now: () => now() + 1 }, // an entry from time 0 would never be stale
    ttlResolution: 0,
    noDeleteOnFetchRejection: true,
    async fetchMethod(login, _stale, { options: entry, signal }) {
      const { accessToken, askedAt, lifeMs } = await login.renew(() => servesForMs(usableToken(login)), signal)
      const expiresAt = askedAt + lifeMs
      const marginMs = Math.min(60_000, lifeMs * 0.2)
      generation += 1
      entry.ttl = Math.max(1, expiresAt - marginMs - now()) // 0 would mean for ever
      return Object.freeze({ accessToken, obtainedAt: askedAt, expiresAt, marginMs, generation })
    }
  })
  let current = loginOf(createSession(options.credentials))

  function loginOf(session: Session): Login {
    const governor = governors.of(endpoint.origin, session.credentials)
    return createLogin({ session, server: { endpoint, fetch, timeoutMs }, governor, host, now, onEvent })
  }

  const servesForMs = (token: Token | undefined) => (token === undefined ? 0 : Math.max(0, token.expiresAt - now()))

  const liveToken = (login: Login) => {
    const token = tokens.peek(login, { allowStale: true })
    return servesForMs(token) > 0 ? token : undefined
  }

  /** The token of a login while it serves. */
  function usableToken(login: Login): Token | undefined {
    const token = liveToken(login)
    return token && !standing.isRefused(token) ? token : undefined
  }

  /** A refused token that others still come in with, while no other can be had: the 401 was not about the token. */
  function doubtfulToken(login: Login): Token | undefined {
    const token = liveToken(login)
    return token && standing.isProved(token) && login.rest.lastFailure() !== undefined ? token : undefined
  }

  const servingToken = (login: Login) => usableToken(login) ?? doubtfulToken(login)

  async function tokenOf(login: Login): Promise<Token> {
    const serving = servingToken(login)
    const refusal = login.rest.refusal()
    if (refusal === undefined) {
      return tokens.forceFetch(login, { allowStale: !!serving, forceRefresh: !usableToken(login) })
    }
    if (serving !== undefined) return serving
    throw refusal
  }

  /** From here on the new login counts. A flight of the old one is aborted, and who waited for it asks this one. */
  function supersede(login: Login): void {
    const old = current
    current = login
    tokens.delete(old)
  }

  const shuttingDown = () => new ProxyError('draining', `No more logins to "${name}": the proxy is shutting down.`)

  return {
    fresh() {
      const token = closed ? undefined : usableToken(current)
      return token && servesForMs(token) > token.marginMs ? token : undefined
    },

    async get(signal) {
      for (;;) {
        if (closed) throw shuttingDown()
        if (signal?.aborted) throw left(signal)
        const login = current
        try {
          return await untilAborted(tokenOf(login), signal)
        } catch (error) {
          if (login !== current || closed || signal?.aborted) continue
          const serving = servingToken(login)
          if (serving === undefined) throw error
          return serving
        }
      }
    },

    refuse(token) {
      if (servingToken(current)?.generation !== token.generation) return true
      return standing.refuse(token)
    },

    accepted: standing.accepted,
    lastAcceptedAt: standing.acceptedAt,

    replaceCredentials(credentials) {
      if (!sameCredentials(credentials, current.session.credentials)) supersede(loginOf(createSession(credentials)))
    },

    tryAgain: () => current.rest.end(),

    async loginWithCode(code, redirectUri) {
      const grant = { type: 'authorization_code', code, redirectUri } as const
      const login = loginOf(createSession(current.session.credentials, grant))
      try {
        await tokens.forceFetch(login)
      } catch (error) {
        tokens.delete(login)
        throw closed ? shuttingDown() : error
      }
      supersede(login)
    },

    snapshot() {
      const { session, rest } = current
      const token = tokens.peek(current, { allowStale: true })
      const restingForMs = rest.remainingMs()
      const endsAt = session.endsAt()
      const state = () => {
        if (servingToken(current) !== undefined) return 'valid'
        if (restingForMs === Number.POSITIVE_INFINITY) return 'rejected'
        if (restingForMs > 0) return 'resting'
        return token === undefined ? 'none' : 'expired'
      }
      return {
        state: state(),
        expiresInMs: token && Math.max(0, token.expiresAt - now()),
        sessionEndsInMs: endsAt && Math.max(0, endsAt - now()),
        restingForMs: Number.isFinite(restingForMs) && restingForMs > 0 ? restingForMs : undefined,
        lastError: rest.lastFailure()?.code
      }
    },

    close() {
      closed = true
      tokens.clear()
    }
  }
}

function left(signal: AbortSignal): ProxyError {
  const { reason } = signal
  return reason instanceof ProxyError
    ? reason
    : new ProxyError('client_left', 'The client left while the login was under way.', { cause: reason })
}

function sameCredentials(a: Credentials, b: Credentials): boolean {
  const keys = ['clientId', 'clientSecret', 'username', 'password', 'refreshToken'] as const
  return keys.every((key) => a[key] === b[key])
}
