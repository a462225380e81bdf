/** How many calls fit into how many milliseconds. */
export interface Quota {
  /** At least 1. */
  calls: number
  windowMs: number
}

/** What became of a call that had its turn. All times are milliseconds from now. */
export type Outcome =
  /** Provably never sent: the place is free again at once. */
  | { kind: 'unsent' }
  /**
   * Sent: the place is free one window from now. `unanswered` when no answer was read (lost, or aborted in flight): the
   * request may still be on its way, so its arrival is taken to be one second later.
   */
  | { kind: 'spent'; unanswered?: boolean }
  /** Answered, with the advice not to call again before `untilMs`. */
  | { kind: 'paced'; untilMs: number }
  /** Refused by the server's own limit. Without `untilMs`: for one window. */
  | { kind: 'throttled'; untilMs?: number; limit?: Quota; scope: Scope }

/** Whose limit the server says it was. */
export type Scope = 'application' | 'company' | 'unknown'
