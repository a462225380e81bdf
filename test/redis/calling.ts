import { setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Outcome } from '../../src/limiter/outcome.js'
import { ticket } from '../limiter/world.js'
import type { Replica } from './replica.js'

/** The server: when calls arrive, and what it answers. */
export interface Counter {
  arrivals: number[]
  answer: () => Outcome
}

export const counter = (answer: () => Outcome = () => ({ kind: 'spent' })): Counter => ({ arrivals: [], answer })

/** So many callers that never rest. Returns what ends them and waits for the last one. */
export function keepCalling(
  { limiter }: Replica,
  callers: number,
  server: Counter,
  latencyMs = () => Math.random() * 20
) {
  const leaving = new AbortController()
  setMaxListeners(0, leaving.signal)
  const call = async () => {
    while (!leaving.signal.aborted) {
      const lease = await limiter.acquire(ticket({ signal: leaving.signal })).catch(() => undefined)
      if (lease === undefined) continue
      await pause(latencyMs())
      server.arrivals.push(performance.now())
      const outcome = server.answer()
      await pause(latencyMs())
      lease.report(outcome)
    }
  }
  const all = Promise.all(Array.from({ length: callers }, call))
  return async () => {
    leaving.abort()
    await all
  }
}
