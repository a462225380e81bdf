import type { Outcome, Quota, Scope } from './outcome.js'
import { retryAfterMs } from './retry-after.js'

/** The parts of an answer that can speak of a limit. */
export interface Reply {
  status: number
  retryAfter: string | undefined
  date: string | undefined
  /** The body as text, as far as it was read. */
  body: string | undefined
  /** Unix time in ms. */
  nowMs: number
}

const unitMs: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * What an answer says about ServiceChannel's limits; undefined when it says nothing. A refusal is 429 today and was
 * 503 before, with the body `{"Reason":"Request has been throttled. Your current Application limit is [300] per [1]
 * minute"}` and a `Retry-After` date (developer.servicechannel.com, Basics: Throttling). A 503 with neither is an
 * answer of the business itself. `Retry-After` on any other answer is advice to slow down.
 */
export function readThrottle({ status, retryAfter, date, body, nowMs }: Reply): Outcome | undefined {
  const untilMs = retryAfterMs(retryAfter, date, nowMs)
  if (status === 429 || status === 503) {
    const reason = reasonOf(body)
    if (status === 503 && reason === undefined && untilMs === undefined) return undefined
    const outcome: Outcome = { kind: 'throttled', scope: scopeOf(reason) }
    if (untilMs !== undefined) outcome.untilMs = untilMs
    const limit = limitOf(reason)
    if (limit) outcome.limit = limit
    return outcome
  }
  if (untilMs === undefined || status < 200 || status > 499) return undefined
  return { kind: 'paced', untilMs }
}

/** The `Reason` of a throttle reply, in JSON or XML; not that of any other answer that happens to have one. */
function reasonOf(body: string | undefined): string | undefined {
  const reason = /\bReason["']?\s*[:>]\s*["']?([^"'<]{1,500})/i.exec(body?.slice(0, 4096) ?? '')?.[1]
  return reason !== undefined && /throttl|\blimit\b/i.test(reason) ? reason : undefined
}

function scopeOf(reason: string | undefined): Scope {
  if (reason === undefined) return 'unknown'
  if (/\bapplication\b/i.test(reason)) return 'application'
  return /\b(?:company|subscriber|provider)\b/i.test(reason) ? 'company' : 'unknown'
}

function limitOf(reason: string | undefined): Quota | undefined {
  const found = /\[(\d{1,9})\]\s*per\s*\[(\d{1,6})\]\s*(second|minute|hour|day)/i.exec(reason ?? '')
  const calls = Number(found?.[1])
  const windowMs = Number(found?.[2]) * (unitMs[found?.[3]?.toLowerCase() ?? ''] ?? 0)
  return calls > 0 && windowMs > 0 ? { calls, windowMs } : undefined
}
