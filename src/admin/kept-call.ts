import type { CallRecord } from '../telemetry/records.js'

/**
 * One call as it passed, without its credentials but with whatever secrets are elsewhere in it: only what `createShow` makes of
 * it may be shown. The functions are to be called before anything else is kept.
 */
export interface KeptCall {
  readonly number: number
  readonly id: string
  readonly listener: number
  readonly environment: string
  readonly at: number
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  readonly replayOf: number | undefined
  /** Flat list of names and values. */
  readonly headers: readonly string[]
  /** What the answer says, once it has begun. */
  readonly status: number | undefined
  /** Set when the call is over. */
  readonly ending: Ending | undefined
  answer(): KeptAnswer | undefined
  sent(): KeptBody
  received(): KeptBody
}

/** What is known of a call when it is over; see CallRecord. */
export type Ending = Pick<
  CallRecord,
  'status' | 'problem' | 'notes' | 'queueMs' | 'tokenMs' | 'upstreamMs' | 'totalMs' | 'attempts' | 'ahead'
>

export interface KeptAnswer {
  readonly status: number
  readonly statusText: string
  /** Flat list of names and values. */
  readonly headers: readonly string[]
}

/** The beginning of a body, in whatever coding it passed. */
export interface KeptBody {
  /** How many bytes passed. */
  readonly size: number
  readonly bytes: Buffer
  readonly isOfLogin: boolean
}
