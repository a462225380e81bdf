import type { ProblemCode } from '../errors.js'

/**
 * What one finished call was: made once, frozen, and given to every observer (log line, metrics, inspector). It holds
 * no header, no body and no query string, so nothing secret can be in it.
 */
export interface CallRecord {
  readonly id: string
  /** When the request arrived, ms since 1970. */
  readonly startedAt: number
  readonly environment: string
  readonly method: string
  /** The path as it was sent, without the query. */
  readonly path: string
  /** 499 when the client left before its answer. */
  readonly status: number
  /** Set when the proxy itself made the answer. */
  readonly problem: ProblemCode | undefined
  readonly queueMs: number
  readonly tokenMs: number
  /** From the first byte written to ServiceChannel to the head of its answer, over all attempts. */
  readonly upstreamMs: number
  readonly totalMs: number
  /** How often the call was sent to ServiceChannel: 0 when it was refused here. */
  readonly attempts: number
  /** What the proxy did and why, in words. */
  readonly notes: readonly string[]
}

/** A length of time as records and log lines hold it, in ms: a tenth is more than can be known of a network. */
export function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

export type CallObserver = (record: CallRecord) => void
