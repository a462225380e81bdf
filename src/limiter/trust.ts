import type { Quota } from './outcome.js'
import type { RoundTrip } from './round-trip.js'

/** A call that is out. */
export interface Departure {
  readonly at: number
  /** Calls that held a place when this one departed. */
  readonly others: number
  /** Its place in the list of those that are out, as long as it is waited for. */
  index?: number
}

/**
 * How many calls the server is known to admit into one window. Up to there calls depart at once; beyond it a call
 * explores: it departs only while hardly any other is out. A limit lower than the stated one then costs about one
 * refused call and not half a burst, and that call tells how high the limit is.
 */
export interface Trust {
  /** How many calls may depart now into a window that holds `others`. */
  room(others: number, at: number): number
  /** How many may be out while one explores. */
  explorers(): number
  /** When the oldest call is no longer waited for; Infinity when nobody waits for it. */
  opensAt(others: number, at: number): number
  depart(call: Departure): void
  /** It came back, admitted or refused; undefined when nobody knows. */
  back(call: Departure, admitted: boolean | undefined): void
  trusted(): number
  /** Another process has found out that so many are admitted, or are not. */
  adopt(trusted: number): void
}

/**
 * What to trust before anything was seen: half, since Sandbox2 is known to have admitted 20 calls a minute where it
 * stated 40; and always ten, as many as a person's program makes at once.
 */
export function trustAtFirst(calls: number): number {
  return Math.max(10, Math.ceil(calls / 2))
}

/** A refusal comes before any work is done: an answer that takes this many round trips, and a second, will be none. */
const patience = 4
const leastPatienceMs = 1000

/**
 * Begins with the first `calls` of a window trusted; a quota that is trusted whole is never explored. As many calls are
 * out while exploring as it takes to use the quota evenly (Little's law: rate times round trip), so that exploring the
 * upper half of a quota takes half a window at most. After a refusal half of what the window held is trusted: who knows
 * who else uses the quota now.
 */
export function createTrust(quota: Quota, calls: number, roundTrip: RoundTrip): Trust {
  // A list without order and not a set: what comes and goes in a set outlives it, since old tables point to new ones.
  const out: Departure[] = []
  const leastTrusted = calls < quota.calls ? 0 : Number.POSITIVE_INFINITY
  let trusted = Math.max(leastTrusted, calls)

  const patienceMs = () => Math.max(leastPatienceMs, patience * roundTrip.ms())

  function explorers(): number {
    return roundTrip.isKnown() ? Math.max(1, Math.round((quota.calls * roundTrip.ms()) / quota.windowMs)) : 1
  }

  function remove(call: Departure): void {
    const { index = -1 } = call
    const last = index < 0 ? undefined : out.pop()
    if (!last) return
    call.index = -1
    if (last === call) return
    out[index] = last
    last.index = index
  }

  function forgetSlow(at: number): void {
    for (const call of out.filter((one) => one.at + patienceMs() <= at)) remove(call)
  }

  return {
    room(others, at) {
      if (others < trusted) return trusted - others
      forgetSlow(at)
      return Math.max(0, explorers() - out.length)
    },
    explorers,
    opensAt(others, at) {
      if (others < trusted) return Number.POSITIVE_INFINITY
      forgetSlow(at)
      return out.reduce((earliest, call) => Math.min(earliest, call.at + patienceMs()), Number.POSITIVE_INFINITY)
    },
    depart(call) {
      call.index = out.push(call) - 1
    },
    back(call, admitted) {
      remove(call)
      if (admitted) trusted = Math.max(trusted, call.others + 1)
      else if (admitted === false) trusted = Math.max(leastTrusted, Math.min(trusted, call.others >> 1))
    },
    trusted: () => trusted,
    adopt(calls) {
      trusted = Math.max(leastTrusted, calls)
    }
  }
}
