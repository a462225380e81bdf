import { LRUCache } from 'lru-cache'
import { ProxyError } from '../errors.js'
import { createElapsedClock } from './clock.js'
import { createGovernors, type Governors, spacingMs } from './governor.js'
import { tokenEndpoint } from './grant.js'
import { left } from './left.js'
import { createLogin, type Login, type ShareLogin, type TokenEvent } from './login.js'
import type { Explanation } from './login-failure.js'
import { type Credentials, createSession, type Session, sessionLifeMs } from './session.js'
import { createStanding } from './standing.js'
import type { Token } from './token.js'
import { describe, type TokenSnapshot } from './token-snapshot.js'
import { untilAborted } from './until-aborted.js'

export type { TokenEvent } from './login.js'
export type { Credentials } from './session.js'
export type { Token } from './token.js'
export type { TokenSnapshot } from './token-snapshot.js'

export interface TokenStore {
  /** The token as long as it is valid. Near its end this begins its renewal, which runs in the background. */
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
  /** Somebody runs `logout`: what is left is the password, if there is one. */
  endSession(): void
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
  /** Other processes log the same user in; by default this one is alone. */
  share?: ShareLogin | undefined
  /** For each request to the token endpoint, whole. */
  timeoutMs: number
  /** Monotonic milliseconds; whoever compares a token's times must use the same clock. */
  now?: () => number
  explain: (error: unknown) => Explanation
  onEvent?: (event: TokenEvent) => void
  /**
   * Called with the refresh token after every renewal, before its access token is handed out. What it rejects with is its
   * own business: the session goes on in memory.
   */
  keep?: (session: { refreshToken: string; loggedInAgoMs: number }) => Promise<void>
}

/**
 * Keeps the token of one environment. Whoever asks while it is fresh gets it; near its end they still do, and one
 * renewal runs in the background; past its end they wait for that one renewal together.
 *
 * @throws {TypeError} when `loginUrl` is unusable
 */
export function createTokenStore(options: TokenStoreOptions): TokenStore {
  const { name, loginUrl, fetch, governors = createGovernors(), share = (login) => login, timeoutMs } = options
  const { now = createElapsedClock(), explain, onEvent = () => {}, keep = async () => {} } = options
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
  let current = loginOf(createSession(options.credentials, now))

  function loginOf(session: Session): Login {
    const governor = governors.of(endpoint.origin, session.credentials)
    const { askedAt } = session.credentials
    if (askedAt !== undefined) governor.restFor(spacingMs - Math.max(0, Date.now() - askedAt))
    const login = createLogin({
      session,
      server: { endpoint, fetch, timeoutMs },
      governor,
      host,
      now,
      onEvent,
      keep: keepSession
    })
    return share(login, governor)
  }

  async function keepSession(session: Session): Promise<void> {
    const refreshToken = session.refreshToken()
    const endsAt = session.endsAt()
    // What a login brings that no longer counts, or does not yet, must not replace what does.
    if (refreshToken === undefined || session !== current.session) return
    const loggedInAgoMs = endsAt === undefined ? 0 : Math.max(0, now() + sessionLifeMs - endsAt)
    await keep({ refreshToken, loggedInAgoMs }).catch(() => {})
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
      // Near its end it still serves: one renewal runs in the background, and nobody need look up from their work for it.
      if (token && servesForMs(token) <= token.marginMs) tokenOf(current).catch(() => {})
      return token
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
      const { session } = current
      if (session.isOf(credentials)) return
      supersede(loginOf(createSession(credentials, now)))
    },

    tryAgain: () => current.rest.end(),

    endSession() {
      const { refreshToken: _, loggedInAt: __, ...credentials } = current.session.credentials
      supersede(loginOf(createSession(credentials, now)))
    },

    async loginWithCode(code, redirectUri) {
      const grant = { type: 'authorization_code', code, redirectUri } as const
      const login = loginOf(createSession(current.session.credentials, now, grant))
      try {
        await tokens.forceFetch(login)
      } catch (error) {
        tokens.delete(login)
        throw closed ? shuttingDown() : error
      }
      supersede(login)
      await keepSession(login.session)
    },

    snapshot() {
      const token = tokens.peek(current, { allowStale: true })
      return describe(current, token, servingToken(current) !== undefined, now())
    },

    close() {
      closed = true
      tokens.clear()
    }
  }
}
