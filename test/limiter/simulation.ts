import { createLimiter, type Limiter, type LimiterSnapshot, type Ticket } from '../../src/limiter/limiter.js'
import { readThrottle } from '../../src/limiter/throttle-reply.js'
import { trustAtFirst } from '../../src/limiter/trust.js'
import { createWindow } from '../../src/limiter/window.js'
import { createServerLimits, type Weather } from './server-limits.js'
import { ticket, type World } from './world.js'

/** One call as the server saw it and as its sender learned of it. */
export interface Arrival {
  clientId: string
  departedAt: number
  at: number
  answeredAt: number
  admitted: boolean
  /** Until when its answer told the sender to rest; undefined when it was admitted. */
  restUntil: number | undefined
}

export interface Season extends Weather {
  windows: number
  /** One way. */
  latencyMs: (random: () => number) => number
  /** How many clients call all the time, each one call after the other. */
  callers: number
  clientIds?: string[]
  /** What another application of the company leaves of its limit. */
  company?: (at: number) => number
  maxWaitMs?: number
  /** Calls that others have made with the first client id just before. */
  usedBefore?: number
}

export interface Forecast {
  arrivals: Arrival[]
  /** The application's limit in force at the end of each window. */
  limits: number[]
  companyLimits: number[]
  /** Calls answered with an error of our own, and the seconds after which they might be accepted. */
  refused: { at: number; code: string; retryAfter: number }[]
  /** When each call was served. */
  served: number[]
  last: LimiterSnapshot
}

/** A reproducible source of numbers from 0 to 1 (Park and Miller). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Lets clients call through real limiters, under a server of the given weather, for some windows of virtual time. */
export async function simulate(world: World, season: Season, seed: number): Promise<Forecast> {
  const random = seeded(seed)
  const { stated, clientIds = ['one'] } = season
  const server = createServerLimits(season, random, season.company)
  const companyQuota = { ...stated, calls: stated.calls * 2 }
  const company = season.company && createWindow(companyQuota, { trusted: trustAtFirst(companyQuota.calls) })
  const limiters = clientIds.map((clientId) => ({
    clientId,
    limiter: createLimiter({
      application: stated,
      company,
      trusted: trustAtFirst(stated.calls),
      queue: { maxCalls: 1000, maxWaitMs: season.maxWaitMs ?? 10 ** 9 }
    })
  }))
  const arrivals: Arrival[] = []
  const limits: number[] = []
  const companyLimits: number[] = []
  const refused: Forecast['refused'] = []
  const served: number[] = []
  let over = false

  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

  async function converse(limiter: Limiter, clientId: string, call: Ticket): Promise<void> {
    for (let again = false; ; again = true) {
      const lease = await limiter.acquire(call, { again })
      const departedAt = performance.now()
      await pause(season.latencyMs(random))
      const at = performance.now()
      const { admitted, reply } = server.arrive(clientId, at, Date.now())
      await pause(season.latencyMs(random))
      const answeredAt = performance.now()
      const outcome = readThrottle({ ...reply, nowMs: Date.now() }) ?? { kind: 'spent' }
      lease.report(outcome)
      const restMs = outcome.kind === 'throttled' ? (outcome.untilMs ?? stated.windowMs) : undefined
      const restUntil = restMs === undefined ? undefined : answeredAt + restMs
      arrivals.push({ clientId, departedAt, at, answeredAt, admitted, restUntil })
      if (outcome.kind !== 'throttled') return
    }
  }

  async function keepCalling(limiter: Limiter, clientId: string): Promise<void> {
    while (!over) {
      try {
        await converse(limiter, clientId, ticket())
        served.push(performance.now())
      } catch (error) {
        if (over) return
        const { code, retryAfter } = error as { code: string; retryAfter: number }
        refused.push({ at: performance.now(), code, retryAfter })
        await pause(1000 * retryAfter)
      }
    }
  }

  await world.advance(50)
  for (let n = 0; n < (season.usedBefore ?? 0); n++) server.arrive('one', performance.now(), Date.now())
  for (const { limiter, clientId } of limiters)
    for (let n = 0; n < season.callers; n++) void keepCalling(limiter, clientId)
  for (let n = 0; n < season.windows; n++) {
    await world.advance(stated.windowMs)
    limits.push(limiters[0]!.limiter.snapshot().application.limit)
    if (company) companyLimits.push(company.snapshot().limit)
  }
  const last = limiters[0]!.limiter.snapshot()
  over = true
  for (const { limiter } of limiters) void limiter.close()
  void company?.close()
  await world.advance(20_000)
  arrivals.sort((a, b) => a.at - b.at)
  return { arrivals, limits, companyLimits, refused, served, last }
}

/** How many calls were refused in each incident: what had left before the first refusal was known belongs to it. */
export function incidentsOf(arrivals: readonly Arrival[]): number[] {
  const incidents: number[] = []
  let knownAt = Number.NEGATIVE_INFINITY
  for (const { admitted, departedAt, answeredAt } of arrivals.toSorted((a, b) => a.answeredAt - b.answeredAt)) {
    if (admitted) continue
    if (departedAt > knownAt || incidents.length === 0) {
      incidents.push(1)
      knownAt = answeredAt
    } else incidents[incidents.length - 1]!++
  }
  return incidents
}
