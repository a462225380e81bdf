import type { Quota } from '../../src/limiter/outcome.js'

/** How a server might count: nobody outside knows which of these ServiceChannel does. */
export type Counting = 'fixed phase' | 'rolling' | 'refusals count'

/** What its refusals say about the time to come back. */
export type Says = 'date' | 'seconds' | 'nothing' | 'the past' | 'an hour'

export interface Weather {
  counting: Counting
  /** What the server says its limit is. */
  stated: Quota
  /** What it is in truth, in calls per window. */
  real: (at: number) => number
  says: Says
  status: 429 | 503
  /** How far its clock is ahead of ours. */
  skewMs: number
  /** How often a good answer carries a Retry-After of some seconds, 0–1. */
  advises: number
}

export interface Reply {
  status: number
  retryAfter: string | undefined
  date: string
  body: string | undefined
}

interface Counter {
  admits(budget: number, at: number): boolean
  count(at: number, admitted: boolean): void
  /** When a place is free if nobody calls before. */
  freeAt(budget: number, at: number): number
}

function createCounter(counting: Counting, windowMs: number): Counter {
  // Any phase will do as long as it is not that of the clients.
  const phaseMs = windowMs * 0.37
  let times: number[] = []
  const begin = (at: number) =>
    counting === 'fixed phase' ? Math.floor((at + phaseMs) / windowMs) * windowMs - phaseMs : at - windowMs
  const inWindow = (at: number) => {
    times = times.filter((time) => (counting === 'fixed phase' ? time >= begin(at) : time > begin(at)))
    return times
  }
  return {
    admits: (budget, at) => inWindow(at).length < budget,
    count(at, admitted) {
      if (admitted || counting === 'refusals count') times.push(at)
    },
    freeAt(budget, at) {
      if (counting === 'fixed phase') return begin(at) + windowMs
      return (inWindow(at).at(-Math.max(1, budget)) ?? at) + windowMs
    }
  }
}

/** The limits of a server in some weather: per client id and, if `company` is given, of all of them together. */
export function createServerLimits(weather: Weather, random: () => number, company?: (at: number) => number) {
  const { windowMs } = weather.stated
  const counters = new Map<string, Counter>()
  const counterOf = (name: string) => {
    const counter = counters.get(name) ?? createCounter(weather.counting, windowMs)
    counters.set(name, counter)
    return counter
  }

  /** A call arrives. `now`: Unix time in ms by our clock; `at`: the same moment on the clock that everybody counts by. */
  function arrive(clientId: string, at: number, now: number): { admitted: boolean; reply: Reply } {
    const own = counterOf(clientId)
    const shared = company && counterOf('company')
    const ownFull = !own.admits(weather.real(at), at)
    const sharedFull = company !== undefined && shared !== undefined && !shared.admits(company(at), at)
    const admitted = !ownFull && !sharedFull
    own.count(at, admitted)
    shared?.count(at, admitted)
    const serverNow = now + weather.skewMs
    const date = new Date(serverNow).toUTCString()
    if (admitted) {
      const retryAfter = random() < weather.advises ? String(1 + Math.floor(random() * 5)) : undefined
      return { admitted, reply: { status: 200, retryAfter, date, body: undefined } }
    }
    const freeAt = Math.max(
      ownFull ? own.freeAt(weather.real(at), at) : at,
      sharedFull ? shared.freeAt(company(at), at) : at
    )
    const limit = `Your current ${ownFull ? 'Application' : 'Company'} limit is`
    const calls = ownFull ? weather.stated.calls : weather.stated.calls * 2
    const body = JSON.stringify({ Reason: `Request has been throttled. ${limit} [${calls}] per [1] minute` })
    return { admitted, reply: { status: weather.status, retryAfter: comeBack(freeAt - at, serverNow), date, body } }
  }

  function comeBack(freeInMs: number, serverNow: number): string | undefined {
    switch (weather.says) {
      case 'nothing':
        return undefined
      case 'seconds':
        return String(Math.ceil(freeInMs / 1000))
      case 'the past':
        return new Date(serverNow - 30_000).toUTCString()
      case 'an hour':
        return '3600'
      case 'date':
        // A date has whole seconds; the next one is the first that is not too early.
        return new Date(serverNow + freeInMs + 999).toUTCString()
    }
  }

  return { arrive }
}
