import type { Gate } from './gate.js'
import type { Learner } from './learner.js'
import type { Trust } from './trust.js'

/** A quota that several processes draw on, as one window sees it. None of its verbs waits for anything. */
export interface Commons {
  /** Places the others have in use, as last heard. */
  readonly elsewhere: number
  /** Places nobody has, as last heard: to be had within a round trip. */
  readonly free: number
  /** Before any place is used: those whose lease has lapsed are none any more. */
  lapse(): void
  /** Fewer places are here than calls wait for, or the last one has just been taken. */
  short(): void
  /** ServiceChannel refused a call: all others are to rest and to learn, too. */
  refused(): void
  /** The probe after a rest came back. */
  probed(admitted: boolean): void
  /** Gives back what is not in use. */
  close(): Promise<void>
}

/** What whoever speaks with the other processes may ask and tell a window. */
export interface Sharer {
  /** Places in use here: out, or answered less than a window ago. */
  used(): number
  /** Calls that wait here. */
  waiting(): number
  /** From now on at most so many places may be in use here; when more are, none departs until they have come free. */
  allot(calls: number): void
  /** What the window takes for the server's limit, in calls per window, and how many of them it is sure of. */
  learned(): { limit: number; trusted: number }
  /** What all processes together have learned. */
  adopt(learned: { limit: number; trusted: number }): void
  /** What is left of a rest the server asked this process for, in milliseconds. */
  restMs(): number
  /** Somebody rests: nothing departs before `release`, about so many milliseconds from now. */
  hold(ms: number): void
  /** Ends a hold, with one probe first unless somebody's was admitted. */
  release(admitted: boolean): void
}

/** Takes a window into a commons; at first nothing is allotted. */
export type JoinCommons = (sharer: Sharer) => Commons

/** The parts of a window that sharing works on. */
interface Parts {
  learner: Learner
  gate: Gate
  trust: Trust
  used(): number
  waiting(): number
  now(): number
  allot(calls: number): void
  wake(at: number): void
}

/** A quota that is trusted whole is trusted without end; numbers travel better. */
const mostTrusted = 1_000_000

/** The side of a window that is turned to the other processes. */
export function createSharer({ learner, gate, trust, used, waiting, now, allot, wake }: Parts): Sharer {
  let last = Number.NaN
  return {
    used,
    waiting,
    allot(calls) {
      if (calls === last) return
      const isMore = !(calls <= last)
      last = calls
      allot(calls)
      if (isMore) wake(now())
    },
    learned: () => ({ limit: learner.limit(), trusted: Math.min(mostTrusted, trust.trusted()) }),
    adopt({ limit, trusted }) {
      trust.adopt(trusted)
      if (limit === learner.limit()) return
      learner.adopt(limit, now())
      allot(last)
    },
    restMs: () => Math.max(0, gate.restUntil() - now()),
    hold: (ms) => gate.hold(ms, now()),
    release(admitted) {
      if (!gate.isHeld()) return
      gate.release(admitted)
      wake(now())
    }
  }
}
