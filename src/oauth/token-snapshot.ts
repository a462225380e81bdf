import type { ProblemCode } from '../errors.js'
import type { Login } from './login.js'
import type { Token } from './token.js'

/** The state of a login, without secrets. */
export interface TokenSnapshot {
  /**
   * `rejected` and `resting` are told only once no valid token is left: until then the login works. `logged_out`: there
   * is nothing to log in with.
   */
  state: 'logged_out' | 'none' | 'valid' | 'expired' | 'rejected' | 'resting'
  /** Undefined when somebody logged in in the browser. */
  username?: string | undefined
  expiresInMs?: number | undefined
  /** Until the refresh tokens of the last login end. */
  sessionEndsInMs?: number | undefined
  /** Until the login is tried again. */
  restingForMs?: number | undefined
  lastError?: ProblemCode | undefined
}

/** @param token the last one, in whatever state; `isServing`: calls can be made now */
export function describe(
  { session, rest }: Login,
  token: Token | undefined,
  isServing: boolean,
  at: number
): TokenSnapshot {
  const restingForMs = rest.remainingMs()
  const endsAt = session.endsAt()

  function state(): TokenSnapshot['state'] {
    if (isServing) return 'valid'
    if (restingForMs === Number.POSITIVE_INFINITY) return 'rejected'
    if (restingForMs > 0) return 'resting'
    if (session.nextGrant() === undefined) return 'logged_out'
    return token === undefined ? 'none' : 'expired'
  }

  return {
    state: state(),
    username: session.credentials.username,
    expiresInMs: token && Math.max(0, token.expiresAt - at),
    sessionEndsInMs: endsAt && Math.max(0, endsAt - at),
    restingForMs: Number.isFinite(restingForMs) && restingForMs > 0 ? restingForMs : undefined,
    lastError: rest.lastFailure()?.code
  }
}
