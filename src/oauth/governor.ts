import { loginSpacingSeconds } from '../servicechannel/environments.js'
import { pause, untilAborted } from './until-aborted.js'

/**
 * Beyond the documented spacing: the server starts counting when it sees a request, which is up to a network delay's
 * jitter away from when we send it.
 */
const marginMs = 100

/** From the end of one token request to the start of the next. */
export const spacingMs = loginSpacingSeconds * 1000 + marginMs

/** Keeps the token requests of one user apart. */
export interface Governor {
  /**
   * Runs the tasks one after the other; each starts no earlier than the spacing after the END of the one before,
   * however that ended, so that the spacing also holds where the server stands. Rejects with the signal's reason when
   * that is aborted first; a task that has not started then never does.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Nothing starts for the next `ms`. */
  restFor(ms: number): void
  /** Milliseconds until a task could start, were nobody else waiting. */
  waitMs(): number
}

/** @param now monotonic milliseconds. It must not count a suspend as time passed: the server may not have seen it. */
export function createGovernor(now = () => performance.now()): Governor {
  let notBefore = Number.NEGATIVE_INFINITY
  let last: Promise<unknown> = Promise.resolve()

  const waitMs = () => Math.max(0, notBefore - now())
  const restFor = (ms: number) => {
    notBefore = Math.max(notBefore, now() + ms)
  }

  async function takeTurn<T>(before: Promise<unknown>, task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await before
    signal?.throwIfAborted()
    while (waitMs() > 0) await pause(waitMs(), signal)
    try {
      return await task()
    } finally {
      restFor(spacingMs)
    }
  }

  return {
    run(task, signal) {
      const turn = takeTurn(last, task, signal)
      last = turn.catch(() => {})
      return untilAborted(turn, signal)
    },
    restFor,
    waitMs
  }
}

/** The governors of a process. Stores that log the same user in must share one of these. */
export interface Governors {
  of(loginUrl: string, user: { clientId: string; username?: string }): Governor
}

/**
 * ServiceChannel counts token requests per user (Basics: Throttling), so two clients of one user share a governor; a
 * client whose user is not known stands for itself.
 */
export function createGovernors(now?: () => number): Governors {
  const governors = new Map<string, Governor>()
  return {
    of(loginUrl, { clientId, username }) {
      const key = JSON.stringify([loginUrl, username === undefined ? { clientId } : { username }])
      const governor = governors.get(key) ?? createGovernor(now)
      governors.set(key, governor)
      return governor
    }
  }
}
