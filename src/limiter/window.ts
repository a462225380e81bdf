import { createAlarm } from './alarm.js'
import { type Commons, createSharer, type JoinCommons } from './commons.js'
import { createCooling, transitMs } from './cooling.js'
import { createGate } from './gate.js'
import { createLearner } from './learner.js'
import type { Page } from './ledger.js'
import type { Outcome, Quota } from './outcome.js'
import { createPermits } from './permits.js'
import { createRoundTrip } from './round-trip.js'
import { createTrust } from './trust.js'
import type { Member, Place, Window } from './window-verbs.js'

export type { Member, Place, Window } from './window-verbs.js'

/** The time Bottleneck may take to turn a free place into a permit. */
const grantMs = 10

export interface WindowOptions {
  /** How many calls it may hold before the server has shown that it admits so many; all of them by default. */
  trusted?: number | undefined
  /** Where it is written down what was used, by earlier processes too; nowhere by default. */
  page?: Page | undefined
  /** The quota is also drawn on by other processes: asks them for places. By default all are this window's own. */
  commons?: JoinCommons | undefined
  /** A monotonic clock in milliseconds. */
  now?: (() => number) | undefined
}

/** A window with all its places free, but for those its page knows of; it fetches its first permits at once. */
export function createWindow(quota: Quota, options: WindowOptions = {}): Window {
  const { trusted = quota.calls, page, commons: joinCommons, now = () => performance.now() } = options
  const learner = createLearner(quota)
  const gate = createGate(quota.windowMs)
  const roundTrip = createRoundTrip()
  const trust = createTrust(quota, trusted, roundTrip)
  const cooling = createCooling(quota.windowMs)
  recall()
  const permits = createPermits(quota, () => wake(now()), { used: cooling.size(), kept: page?.kept })
  // A line with waiting calls keeps the process alive; places that nobody waits for do not.
  const alarm = createAlarm(tick, { keepsProcessAlive: false })
  const members: Member[] = []
  let out = 0
  let turn = 0
  let throttled = 0
  let closed = false
  let commons: Commons | undefined
  /** The most places that may be in use here, whatever the server admits: less than all when others have some. */
  let allotted = joinCommons ? 0 : Number.POSITIVE_INFINITY

  function isOpen(at: number): boolean {
    commons?.lapse()
    return permits.atHand() > 0 && gate.isOpen(at) && trust.room(inWindow(), at) > 0
  }

  /** Places that a call holds or held within the last window. */
  function used(): number {
    return out + cooling.size()
  }

  /** The same over all who draw on the quota, as far as it is known here. */
  function inWindow(): number {
    return used() + (commons?.elsewhere ?? 0)
  }

  function resize(): void {
    permits.resize(Math.min(learner.limit(), allotted))
  }

  function waiting(): number {
    let calls = 0
    for (const member of members) calls += member.waiting()
    return calls
  }

  function wake(at: number): void {
    for (let idle = waiting() > 0 ? 0 : members.length; idle < members.length && isOpen(at); ) {
      turn = (turn + 1) % members.length
      idle = members[turn]?.depart(at) ? 0 : idle + 1
    }
    const left = waiting()
    permits.refill(left, at)
    if (left > permits.available()) commons?.short()
    if (left > 0) arm(at)
  }

  function allot(calls: number): void {
    allotted = calls
    resize()
  }

  function collect(at: number): void {
    const count = cooling.collect(at)
    if (count > 0) permits.freed(count)
  }

  function arm(at: number): void {
    const opensAt = gate.opensAt() > at ? gate.opensAt() : Number.POSITIVE_INFINITY
    const next = Math.min(cooling.earliest(), opensAt, trust.opensAt(inWindow(), at))
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
      resize()
      commons?.refused()
    } else if (outcome.kind === 'paced') {
      gate.pace(outcome.untilMs, at)
    } else return
    for (const member of members) member.delayed(at)
  }

  /** Places that calls may have here, or get from the others when they ask. */
  function available(): number {
    return permits.available() + (commons?.free ?? 0)
  }

  function opensInMs(at: number): number {
    return gate.state() === 'probing' ? roundTrip.ms() : Math.max(0, gate.opensAt() - at)
  }

  function waitFor(position: number, at: number): number {
    const lapMs = roundTrip.ms() + cooling.longestMs + grantMs
    const index = position % learner.limit()
    const exploring = index + 1 - trust.room(inWindow(), at)
    const exploreMs = Math.ceil(Math.max(0, exploring) / trust.explorers()) * roundTrip.ms()
    let placeMs = 0
    const free = available()
    if (index >= free) {
      const due = cooling.due(index - free)
      placeMs = due === Number.POSITIVE_INFINITY ? lapMs : Math.max(0, due - at) + grantMs
    }
    const probeMs = gate.state() === 'resting' && position > 0 ? roundTrip.ms() : 0
    return Math.max(placeMs, exploreMs, opensInMs(at) + probeMs) + Math.floor(position / learner.limit()) * lapMs
  }

  /** What earlier processes have used counts as if this one had. */
  function recall(): void {
    const at = now()
    for (const { calls, agoMs } of page?.spent ?? []) {
      if (agoMs < cooling.longestMs) cooling.add(at - agoMs, at, calls)
    }
    cooling.collect(at) // what is free by now has never been taken here
    page?.keep(() => ({ spent: cooling.spent(now()), open: out + (closed ? 0 : permits.granted()) }))
  }

  commons = joinCommons?.(createSharer({ learner, gate, trust, used, waiting, now, allot, wake }))
  permits.refill(0, now())
  arm(now())

  return {
    isOpen,
    take(at) {
      const others = inWindow()
      permits.take()
      out++
      if (others + 1 >= learner.limit()) {
        learner.reached(at)
        resize()
      }
      permits.refill(waiting(), at)
      if (permits.available() < 2) commons?.short()
      const place = { at, others, probe: gate.depart(), index: -1 }
      trust.depart(place)
      return place
    },
    settle(place, outcome, at) {
      out--
      page?.touch()
      if (outcome.kind === 'unsent') {
        permits.unused()
        gate.back(place.probe, false)
        if (place.probe > 0) commons?.probed(false)
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
      if (place.probe > 0) commons?.probed(admitted === true)
      heed(place, outcome, at)
      arm(at)
    },
    wake,
    missed(at) {
      collect(at)
      permits.missed(waiting(), at)
      if (permits.available() < 1 || gate.isHeld()) commons?.short()
      arm(at)
    },
    waitFor,
    available: (at) => (opensInMs(at) > 0 ? 0 : Math.max(0, Math.min(available(), trust.room(inWindow(), at)))),
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
        limit: learner.limit(),
        configured: quota.calls,
        stated: learner.stated(),
        windowMs: quota.windowMs,
        used: used(),
        inFlight: out,
        free: Math.max(0, learner.limit() - inWindow()),
        elsewhere: commons?.elsewhere,
        nextPlaceInMs: waitFor(0, at),
        restingForMs: opensInMs(at),
        probing: gate.state() === 'probing',
        throttled,
        roundTripMs: roundTrip.ms(),
        jobs: permits.jobs()
      }
    },
    async close() {
      closed = true
      alarm.clear()
      await Promise.all([permits.close(), page?.close(), commons?.close()])
    }
  }
}
