/** Says whether calls may depart at all: shut while the server wants rest, and open for one probe after that. */
export interface Gate {
  state(): 'open' | 'resting' | 'probing'
  isOpen(at: number): boolean
  /** When the rest the server wants is over. */
  restUntil(): number
  /** When it opens by itself, perhaps in the past; Infinity while a probe is out. */
  opensAt(): number
  /**
   * The server refused a call, for so many milliseconds or, if it did not say, for one window: nothing departs before,
   * then one probe. `probe`: the number of the probe that was refused, 0 when it was none.
   */
  refused(forMs: number | undefined, probe: number, at: number): void
  /** Nothing departs for so long, one window at most; then everything. */
  pace(forMs: number, at: number): void
  /** A call departs: the number of its probe, 0 when it is none. */
  depart(): number
  /** The call came back: a probe that was admitted opens the gate, any other lets the next call be the probe. */
  back(probe: number, admitted: boolean): void
  /** Another process has been refused: nothing departs before `release`, which comes in about so many milliseconds. */
  hold(forMs: number, at: number): void
  /** Ends a hold: with one probe first, or with everything since somebody's probe was admitted. */
  release(admitted: boolean): void
  isHeld(): boolean
}

/** A rest is at least this long, so that a date that has just passed does not become a tight loop, … */
const leastRestMs = 1000
/** … and at most this long, so that a wrong date cannot silence the proxy for days. */
const mostRestMs = 3_600_000

/** A gate that begins open. Times are those of the caller's clock, in milliseconds. */
export function createGate(windowMs: number): Gate {
  let state: ReturnType<Gate['state']> = 'open'
  let restUntil = Number.NEGATIVE_INFINITY
  let pacedUntil = Number.NEGATIVE_INFINITY
  let probe = 0
  let refusedProbes = 0
  let heldUntil: number | undefined

  return {
    state: () => state,
    opensAt() {
      if (state === 'probing') return Number.POSITIVE_INFINITY
      return Math.max(restUntil, pacedUntil, heldUntil ?? Number.NEGATIVE_INFINITY)
    },
    restUntil: () => restUntil,
    isOpen: (at) => heldUntil === undefined && state !== 'probing' && at >= restUntil && at >= pacedUntil,
    refused(forMs, number, at) {
      if (number > 0) refusedProbes++
      // Where refused calls count too, a probe every second would keep the window full for ever.
      const leastMs = refusedProbes > 0 ? Math.min(windowMs, leastRestMs * 2 ** refusedProbes) : leastRestMs
      const restMs = forMs === undefined ? windowMs : Math.min(mostRestMs, Math.max(leastMs, forMs))
      restUntil = Math.max(restUntil, at + restMs)
      state = 'resting'
    },
    pace(forMs, at) {
      pacedUntil = Math.max(pacedUntil, at + Math.min(forMs, windowMs))
    },
    depart() {
      if (state !== 'resting') return 0
      state = 'probing'
      return ++probe
    },
    back(number, admitted) {
      if (state !== 'probing' || number !== probe) return
      state = admitted ? 'open' : 'resting'
      if (admitted) refusedProbes = 0
    },
    hold(forMs, at) {
      heldUntil = at + forMs
    },
    release(admitted) {
      if (heldUntil === undefined) return
      heldUntil = undefined
      if (state === 'probing') return
      state = admitted ? 'open' : 'resting'
      if (admitted) restUntil = Number.NEGATIVE_INFINITY
    },
    isHeld: () => heldUntil !== undefined
  }
}
