import { createAlarm } from './alarm.js'
import { createCooling, transitMs } from './cooling.js'
import { createGate } from './gate.js'
import { createLearner } from './learner.js'
import type { Outcome, Quota } from './outcome.js'
import { createPermits } from './permits.js'

/** A line of calls that need a place in this window. */
export interface Member {
  waiting(): number
  /** Lets its first call go if every window it needs allows it. */
  depart(at: number): boolean
  /** The window has just shut for a while. */
  delayed(at: number): void
}

/** What a departing call took; handed back with `settle`. */
export interface Place {
  readonly at: number
  /** Calls that held a place when this one departed. */
  readonly others: number
  /** The number of the probe; 0 when the call is none. */
  readonly probe: number
}

/** One window for a status page; times in ms from now. */
export interface WindowSnapshot {
  /** Calls per window in force: the configured ones, or fewer when the server refused calls. */
  limit: number
  configured: number
  /** As the server last stated it, in calls per `windowMs`. */
  stated: number | undefined
  windowMs: number
  /** Places that a call holds or held within the last window. */
  used: number
  inFlight: number
  free: number
  nextPlaceInMs: number
  restingForMs: number
  /** One call is out to see whether the rest is over. */
  probing: boolean
  /** Calls refused by the server for this limit so far. */
  throttled: number
  /** Mean round trip of the recent calls. */
  roundTripMs: number
  /** Jobs Bottleneck has been given so far. */
  jobs: number
}

/** The exact rolling window of one quota. One window may serve several limiters: their calls take turns. */
export interface Window {
  /** A permit is at hand and the server wants no rest. */
  isOpen(at: number): boolean
  /** Takes a permit; only when `isOpen`. */
  take(at: number): Place
  /** The call came back. Counts, rests and learns, but wakes nobody: all windows of a call settle first. */
  settle(place: Place, outcome: Outcome, at: number): void
  /** Lets waiting calls go, one of each member in turn, and fetches permits for the rest. */
  wake(at: number): void
  /** A call found the window shut. */
  missed(at: number): void
  /** Estimate in ms of when the n-th next call departs (0 is the next), over all members. */
  waitFor(position: number, at: number): number
  /** How many calls could depart right now, permits on their way included. */
  available(at: number): number
  /** Calls of other members that go before this member's n-th next call, by turns. */
  rivals(member: Member, position: number): number
  /** When the server's rest is over, in ms from now; a probe is taken to need one round trip. */
  opensInMs(at: number): number
  /** Returns the way out. */
  join(member: Member): () => void
  snapshot(): WindowSnapshot
  /** Stops the timer and Bottleneck. Close the limiters first. */
  close(): Promise<void>
}

/** The time Bottleneck may take to turn a free place into a permit. */
const grantMs = 10
/** A round trip as long as none was seen. */
const firstRoundTripMs = 500
/** A rest is at least this long, so that a date that has just passed does not become a tight loop, … */
const leastRestMs = 1000
/** … and at most this long, so that a wrong date cannot silence the proxy for days. */
const mostRestMs = 3_600_000

/**
 * A window with all its places free; it fetches its first permits at once. `now`: a monotonic clock in milliseconds.
 */
export function createWindow(quota: Quota, { now = () => performance.now() }: { now?: () => number } = {}): Window {
  const learner = createLearner(quota)
  const gate = createGate()
  const cooling = createCooling(quota.windowMs)
  const permits = createPermits(quota, () => wake(now()))
  // A line with waiting calls keeps the process alive; places that nobody waits for do not.
  const alarm = createAlarm(tick, { keepsProcessAlive: false })
  const members: Member[] = []
  let out = 0
  let turn = 0
  let throttled = 0
  let roundTripMs = firstRoundTripMs
  let measured = false
  let closed = false

  function isOpen(at: number): boolean {
    return permits.atHand > 0 && gate.isOpen(at)
  }

  function waiting(): number {
    let calls = 0
    for (const member of members) calls += member.waiting()
    return calls
  }

  function wake(at: number): void {
    for (let idle = 0; idle < members.length && isOpen(at); ) {
      turn = (turn + 1) % members.length
      idle = members[turn]?.depart(at) ? 0 : idle + 1
    }
    permits.refill(waiting(), at)
  }

  function collect(at: number): void {
    const count = cooling.collect(at)
    if (count > 0) permits.freed(count)
  }

  function arm(at: number): void {
    const opensAt = gate.opensAt > at ? gate.opensAt : Number.POSITIVE_INFINITY
    const next = Math.min(cooling.earliest, opensAt)
    if (next < Number.POSITIVE_INFINITY && !closed) alarm.set(next, at)
  }

  function tick(): void {
    const at = now()
    collect(at)
    wake(at)
    arm(at)
  }

  function measure(ms: number): void {
    roundTripMs = measured ? roundTripMs + (ms - roundTripMs) / 8 : ms
    measured = true
  }

  /** Answered with a wish of the server's. */
  function heed(place: Place, outcome: Outcome, at: number): void {
    if (outcome.kind === 'throttled') {
      const { untilMs, limit: stated } = outcome
      throttled++
      gate.rest(at + (untilMs === undefined ? quota.windowMs : Math.min(mostRestMs, Math.max(leastRestMs, untilMs))))
      learner.refused({ at, departedAt: place.at, others: place.others, probe: place.probe > 0, stated })
      permits.resize(learner.limit)
    } else if (outcome.kind === 'paced') {
      gate.pace(at + Math.min(outcome.untilMs, quota.windowMs))
    } else return
    for (const member of members) member.delayed(at)
  }

  function opensInMs(at: number): number {
    return gate.state === 'probing' ? roundTripMs : Math.max(0, gate.opensAt - at)
  }

  function waitFor(position: number, at: number): number {
    const lapMs = roundTripMs + cooling.longestMs + grantMs
    const index = position % learner.limit
    let placeMs = 0
    if (index >= permits.available) {
      const due = cooling.due(index - permits.available)
      placeMs = due === Number.POSITIVE_INFINITY ? lapMs : Math.max(0, due - at) + grantMs
    }
    const probeMs = gate.state === 'resting' && position > 0 ? roundTripMs : 0
    return Math.max(placeMs, opensInMs(at) + probeMs) + Math.floor(position / learner.limit) * lapMs
  }

  permits.refill(0, now())

  return {
    isOpen,
    take(at) {
      const others = out + cooling.size
      permits.take()
      out++
      if (others + 1 >= learner.limit) {
        learner.reached(at)
        permits.resize(learner.limit)
      }
      permits.refill(waiting(), at)
      return { at, others, probe: gate.depart() }
    },
    settle(place, outcome, at) {
      out--
      if (outcome.kind === 'unsent') {
        permits.unused()
        gate.back(place.probe, false)
        return
      }
      const answered = outcome.kind !== 'spent' || outcome.unanswered !== true
      cooling.add(answered ? at : at + transitMs, at)
      collect(at)
      if (answered) measure(at - place.at)
      gate.back(place.probe, answered)
      heed(place, outcome, at)
      arm(at)
    },
    wake,
    missed(at) {
      collect(at)
      permits.missed(waiting(), at)
      arm(at)
    },
    waitFor,
    available: (at) => (opensInMs(at) > 0 ? 0 : Math.max(0, permits.available)),
    rivals(member, position) {
      let calls = 0
      for (const other of members) if (other !== member) calls += Math.min(other.waiting(), position + 1)
      return calls
    },
    opensInMs,
    join(member) {
      members.push(member)
      return () => {
        members.splice(members.indexOf(member), 1)
      }
    },
    snapshot() {
      const at = now()
      const used = out + cooling.size
      return {
        limit: learner.limit,
        configured: quota.calls,
        stated: learner.stated,
        windowMs: quota.windowMs,
        used,
        inFlight: out,
        free: Math.max(0, learner.limit - used),
        nextPlaceInMs: waitFor(0, at),
        restingForMs: opensInMs(at),
        probing: gate.state === 'probing',
        throttled,
        roundTripMs,
        jobs: permits.jobs
      }
    },
    async close() {
      closed = true
      alarm.clear()
      await permits.close()
    }
  }
}
