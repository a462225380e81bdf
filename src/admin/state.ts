import type { LimiterSnapshot } from '../limiter/limiter.js'
import type { TokenSnapshot } from '../oauth/token-store.js'
import type { Activity, UpstreamHealth } from './activity.js'

/** An environment in use. */
export interface InspectedEnvironment {
  name: string
  apiUrl: string
  limiter: { snapshot(): LimiterSnapshot }
  tokens: { snapshot(): TokenSnapshot }
}

/** A listener that is open. */
export interface InspectedListener {
  environment: string
  access: 'read-write' | 'read-only'
  /** What a client of this machine makes its base URL. */
  url: string
}

export interface StateSources {
  version: string
  /** ms since 1970. */
  startedAt: number
  environments(): Iterable<InspectedEnvironment>
  /** In the order of the configuration. */
  listeners(): readonly InspectedListener[]
  activity: Activity
}

/** One environment in `GET /api/quota`. Durations in ms, from now. */
export interface QuotaState extends LimiterSnapshot {
  environment: string
  /** Who has used places during the last minute, as far as calls are recorded. */
  clients: { client: string; calls: number }[]
}

/** One environment in `GET /api/session`. Durations in ms, from now; moments in ms since 1970. */
export interface SessionState {
  environment: string
  apiUrl: string
  token: TokenSnapshot
  upstream: UpstreamHealth
}

/** Limits, queue and who used them. */
export function quotaState({ environments, activity }: StateSources): { environments: QuotaState[] } {
  return rounded({
    environments: [...environments()].map(({ name, limiter }) => ({
      environment: name,
      ...limiter.snapshot(),
      clients: activity.clients(name)
    }))
  })
}

/** The process, its listeners, and how the login and the API of each environment are. */
export function sessionState({ version, startedAt, environments, listeners, activity }: StateSources) {
  return rounded({
    version,
    startedAt,
    now: Date.now(),
    listeners: listeners(),
    environments: [...environments()].map(
      ({ name, apiUrl, tokens }): SessionState => ({
        environment: name,
        apiUrl,
        token: tokens.snapshot(),
        upstream: activity.upstream(name)
      })
    )
  })
}

/** The last ten minutes, for the picture. */
export function historyState({ environments, activity }: StateSources) {
  return [...environments()].map(({ name }) => ({ environment: name, moments: activity.history(name) }))
}

/** Whole milliseconds: nobody reads more out of a status. */
function rounded<T>(state: T): T {
  return JSON.parse(JSON.stringify(state, (_key, value) => (typeof value === 'number' ? Math.round(value) : value)))
}
