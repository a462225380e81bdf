import type { Leaving } from './leaving.js'
import { LostError } from './send.js'

/** The connections a pool may have in use at a time, as places to be taken and given back. */
export interface Slots {
  /** A place that is free now: the function that gives it back, to be called once or more. */
  tryTake(): (() => void) | undefined
  /**
   * Waits for a place and resolves with the same. Whoever waits longer than the
   * patience is refused with LostError, code `POOL_BUSY`; who leaves, with LostError and the reason.
   */
  take(leaving: Leaving): Promise<() => void>
  /** Places that are taken. */
  busy(): number
  /** Calls that wait for one. */
  waiting(): number
}

/**
 * A line in front of the pool: undici's own has no end, can be left only by taking a connection and destroying it, and
 * starts no clock, so that answers nobody reads could hold up calls for ever.
 */
export function createSlots(count: number, patienceMs: number): Slots {
  const waiting = new Set<() => void>()
  let free = count

  function grant(): () => void {
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      const [next] = waiting
      if (next) next()
      else free++
    }
  }

  function tryTake(): (() => void) | undefined {
    if (free === 0) return undefined
    free--
    return grant()
  }

  return {
    tryTake,
    busy: () => count - free,
    waiting: () => waiting.size,
    take(leaving) {
      const left = leaving.reason()
      if (left) return Promise.reject(new LostError(false, left))
      const place = tryTake()
      if (place) return Promise.resolve(place)
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(enter)
          clearTimeout(timer)
          leaving.listen(undefined)
        }
        const enter = () => {
          leave()
          resolve(grant())
        }
        const timer = setTimeout(() => {
          leave()
          reject(new LostError(false, Object.assign(new Error('all connections are busy'), { code: 'POOL_BUSY' })))
        }, patienceMs)
        leaving.listen(() => {
          leave()
          reject(new LostError(false, leaving.reason()))
        })
        waiting.add(enter)
      })
    }
  }
}
