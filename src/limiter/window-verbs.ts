import type { Outcome } from './outcome.js'
import type { Departure } from './trust.js'
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
