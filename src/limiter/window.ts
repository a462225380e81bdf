import { createAlarm } from './alarm.js'
import { createCooling, transitMs } from './cooling.js'
import { createGate } from './gate.js'
import { createLearner } from './learner.js'
import type { Page } from './ledger.js'
import type { Outcome, Quota } from './outcome.js'
import { createPermits } from './permits.js'
import { createRoundTrip } from './round-trip.js'
import { createTrust, type Departure } from './trust.js'
import type { WindowSnapshot } from './window-snapshot.js'

/** A line of calls that need a place in this window. */
export interface Member {
  waiting(): number
  /** Lets its first call go if every window it needs allows it. */
  depart(at: number): boolean
  /** The window has just shut for a while. */
  delayed(at: number): void
}

/** What a departing call took; handed back with `settle`. */
export interface Place extends Departure {
  /** The number of the probe; 0 when the call is none. */
  readonly probe: number
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

export interface WindowOptions {
  /** How many calls it may hold before the server has shown that it admits so many; all of them by default. */
  trusted?: number | undefined
  /** Where it is written down what was used, by earlier processes too; nowhere by default. */
  page?: Page | undefined
  /** A monotonic clock in milliseconds. */
  now?: (() => number) | undefined
}

/** A window with all its places free, but for those its page knows of; it fetches its first permits at once. */
export function createWindow(quota: Quota, options: WindowOptions = {}): Window {
  const { trusted = quota.calls, page, now = () => performance.now() } = options
  const learner = createLearner(quota)
  const gate = createGate(quota.windowMs)
  const roundTrip = createRoundTrip()
  const trust = createTrust(quota, trusted, roundTrip)
  const cooling = createCooling(quota.windowMs)
  recall()
  const permits = createPermits(quota, () => wake(now()), { used: cooling.size, kept: page?.kept })
  // A line with waiting calls keeps the process alive; places that nobody waits for do not.
  const alarm = createAlarm(tick, { keepsProcessAlive: false })
  const members: Member[] = []
  let out = 0
  let turn = 0
  let throttled = 0
  let closed = false

  function isOpen(at: number): boolean {
    return permits.atHand > 0 && gate.isOpen(at) && trust.room(used(), at) > 0
  }

  /** Places that a call holds or held within the last window. */
  function used(): number {
    return out + cooling.size
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
    const left = waiting()
    permits.refill(left, at)
    if (left > 0) arm(at)
  }

  function collect(at: number): void {
    const count = cooling.collect(at)
    if (count > 0) permits.freed(count)
  }

  function arm(at: number): void {
    const opensAt = gate.opensAt > at ? gate.opensAt : Number.POSITIVE_INFINITY
    const next = Math.min(cooling.earliest, opensAt, trust.opensAt(used(), at))
    if (next < Number.POSITIVE_INFINITY && !closed) alarm.set(next, at)
  }

  function tick(): void {
    const at = now()
    collect(at)
    wake(at)
    arm(at)
  }

  /** Answered with a wish of the server's. */
  function heed(place: Place, outcome: Outcome, at: number): void {
    if (outcome.kind === 'throttled') {
      const { untilMs, limit: stated } = outcome
      throttled++
      gate.refused(untilMs, place.probe, at)
      learner.refused({ at, departedAt: place.at, others: place.others, probe: place.probe > 0, stated })
      permits.resize(learner.limit)
    } else if (outcome.kind === 'paced') {
      gate.pace(outcome.untilMs, at)
    } else return
    for (const member of members) member.delayed(at)
  }

  function opensInMs(at: number): number {
    return gate.state === 'probing' ? roundTrip.ms : Math.max(0, gate.opensAt - at)
  }

  function waitFor(position: number, at: number): number {
    const lapMs = roundTrip.ms + cooling.longestMs + grantMs
    const index = position % learner.limit
    const exploring = index + 1 - trust.room(used(), at)
    const exploreMs = Math.ceil(Math.max(0, exploring) / trust.explorers) * roundTrip.ms
    let placeMs = 0
    if (index >= permits.available) {
      const due = cooling.due(index - permits.available)
      placeMs = due === Number.POSITIVE_INFINITY ? lapMs : Math.max(0, due - at) + grantMs
    }
    const probeMs = gate.state === 'resting' && position > 0 ? roundTrip.ms : 0
    return Math.max(placeMs, exploreMs, opensInMs(at) + probeMs) + Math.floor(position / learner.limit) * lapMs
  }

  /** What earlier processes have used counts as if this one had. */
  function recall(): void {
    const at = now()
    for (const { calls, agoMs } of page?.spent ?? []) {
      if (agoMs < cooling.longestMs) cooling.add(at - agoMs, at, calls)
    }
    cooling.collect(at) // what is free by now has never been taken here
    page?.keep(() => ({ spent: cooling.spent(now()), open: out + (closed ? 0 : permits.granted) }))
  }

  permits.refill(0, now())
  arm(now())

  return {
    isOpen,
    take(at) {
      const others = used()
      permits.take()
      out++
      if (others + 1 >= learner.limit) {
        learner.reached(at)
        permits.resize(learner.limit)
      }
      permits.refill(waiting(), at)
      const place = { at, others, probe: gate.depart() }
      trust.depart(place)
      return place
    },
    settle(place, outcome, at) {
      out--
      page?.touch()
      if (outcome.kind === 'unsent') {
        permits.unused()
        gate.back(place.probe, false)
        trust.back(place, undefined)
        return
      }
      const answered = outcome.kind !== 'spent' || outcome.unanswered !== true
      const admitted = answered ? outcome.kind !== 'throttled' : undefined
      cooling.add(answered ? at : at + transitMs, at)
      collect(at)
      if (answered) roundTrip.measure(at - place.at)
      gate.back(place.probe, admitted === true)
      trust.back(place, admitted)
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
    available: (at) => (opensInMs(at) > 0 ? 0 : Math.max(0, Math.min(permits.available, trust.room(used(), at)))),
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
      return {
        limit: learner.limit,
        configured: quota.calls,
        stated: learner.stated,
        windowMs: quota.windowMs,
        used: used(),
        inFlight: out,
        free: Math.max(0, learner.limit - used()),
        nextPlaceInMs: waitFor(0, at),
        restingForMs: opensInMs(at),
        probing: gate.state === 'probing',
        throttled,
        roundTripMs: roundTrip.ms,
        jobs: permits.jobs
      }
    },
    async close() {
      closed = true
      alarm.clear()
      await Promise.all([permits.close(), page?.close()])
    }
  }
}
