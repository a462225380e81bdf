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
