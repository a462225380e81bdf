import type { Scope } from '../scope.js'
import { json, type Service, startService } from '../service.js'
import { createCountingWindow, type Kind } from './windows.js'

export interface Terms {
  /** Calls per window. */
  calls: number
  windowMs: number
  /** Shortest and longest round trip in ms. */
  latencyMs: readonly [number, number]
}

/** A call that was let in. */
export interface Arrival {
  readonly at: number
  /** What its target names. */
  readonly client: number
  readonly roundTripMs: number
}

export interface CountingServer extends Service {
  readonly arrivals: readonly Arrival[]
  refused(): number
}

/**
 * An API that does nothing but count, at a distance: a call arrives after part of its round trip and is answered after
 * the rest. The round trips are drawn from a fixed seed, so every contestant meets the same ones.
 */
export async function startCountingServer(scope: Scope, kind: Kind, terms: Terms): Promise<CountingServer> {
  const { calls, windowMs, latencyMs } = terms
  const [shortest, longest] = latencyMs
  const window = createCountingWindow(kind, calls, windowMs)
  const random = createRandom(20_261)
  const arrivals: Arrival[] = []
  let refused = 0

  const service = await startService(scope, ({ url = '' }, response) => {
    const roundTripMs = shortest + random() * (longest - shortest)
    const thereMs = roundTripMs * (0.2 + 0.6 * random())
    setTimeout(() => {
      const at = performance.now()
      const waitMs = window.arrive(at)
      if (waitMs === 0) arrivals.push({ at, client: Number(/client=(\d+)/.exec(url)?.[1]), roundTripMs })
      else refused++
      setTimeout(() => {
        if (waitMs === 0) json(response, 200, [])
        else json(response, 429, throttled(terms), { 'retry-after': String(Math.ceil(waitMs / 1000)) })
      }, roundTripMs - thereMs)
    }, thereMs)
  })
  return { ...service, arrivals, refused: () => refused }
}

/** In ServiceChannel's words (developer.servicechannel.com, Basics: Throttling). */
function throttled({ calls, windowMs }: Terms): object {
  const limit = `[${calls}] per [${windowMs / 1000}] second`
  return { Reason: `Request has been throttled. Your current Application limit is ${limit}` }
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
