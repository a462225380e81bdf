/** What Redis says to one question of a replica. */
export interface Answer {
  /** Places it may use from now on, besides those it has. */
  readonly granted: number
  /** What it may hold in all while others have less than their fair share; Infinity while none does. */
  readonly most: number
  /** Places others have in use. */
  readonly elsewhere: number
  /** Places nobody has or waits for. */
  readonly free: number
  readonly limit: number
  readonly trusted: number
  /** `rest`: nobody calls for `restMs`; `probe`: this replica sends the first call after it. */
  readonly mode: 'open' | 'rest' | 'probe'
  readonly restMs: number
  /** Replicas at work, this one included. */
  readonly live: number
}

/** Undefined when the question came after a later one. */
export function readAnswer(reply: unknown): Answer | undefined {
  const [status, granted, most, elsewhere, free, limit, trusted, mode, restMs, live] = reply as [string, ...number[]]
  if (status !== 'ok') return undefined
  const number = (value: number | undefined) => Number(value ?? 0)
  return {
    granted: number(granted),
    most: number(most) < 0 ? Number.POSITIVE_INFINITY : number(most),
    elsewhere: number(elsewhere),
    free: number(free),
    limit: number(limit),
    trusted: number(trusted),
    mode: mode as unknown as Answer['mode'],
    restMs: number(restMs),
    live: number(live)
  }
}
