import type { ProblemCode } from '../errors.js'

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
  /** `logged_out`: there is nothing to log in with. */
  state: 'logged_out' | 'none' | 'valid' | 'expired' | 'rejected' | 'resting'
  expiresInMs?: number
  /** Until the refresh tokens of the last login end. */
  sessionEndsInMs?: number
  /** Until the login is tried again. */
  restingForMs?: number
  lastError?: ProblemCode
}
