import type { LimiterSnapshot } from '../limiter/limiter.js'
import type { WindowSnapshot } from '../limiter/window-snapshot.js'
import type { TokenSnapshot } from '../oauth/token-store.js'

/** One environment as the status shows it. Snapshots are taken when somebody asks. */
export interface StatusEnvironment {
  readonly name: string
  readonly apiUrl: string
  readonly loginUrl: string
  readonly clientId: string
  readonly limiter: { snapshot(): LimiterSnapshot }
  readonly tokens: { snapshot(): TokenSnapshot }
}

/** What is asked for the status. */
export interface StatusSource {
  version: string
  /** Wall clock, milliseconds. */
  startedAt: number
  /** Why the proxy should get no calls now. */
  obstacles(): string[]
  /** What should be known although calls are served. */
  remarks?(): string[]
  listeners(): readonly { environment: string; access: string; addresses: readonly string[] }[]
  environments(): Iterable<StatusEnvironment>
}

/** `GET /api/status`, without secrets. Lengths of time are seconds from now; `null` stands for "not known" or "none". */
export interface Status {
  version: string
  /** ISO 8601. */
  startedAt: string
  uptimeSeconds: number
  ready: boolean
  reasons: string[]
  remarks: string[]
  listeners: { environment: string; access: string; addresses: readonly string[] }[]
  environments: {
    name: string
    apiUrl: string
    loginUrl: string
    clientId: string
    username: string | null
    token: {
      state: TokenSnapshot['state']
      expiresInSeconds: number | null
      restingForSeconds: number | null
      lastError: string | null
    }
    session: { endsInSeconds: number | null }
    quota: StatusWindow
    companyQuota: StatusWindow | null
    queue: { waiting: number; oldestWaitSeconds: number }
  }[]
}

export interface StatusWindow {
  calls: number
  windowSeconds: number
  /** In force now: fewer than `calls` after the server refused some. */
  limit: number
  used: number
  free: number
  nextPlaceInSeconds: number
  restingForSeconds: number
  /** Calls the server refused for this limit. */
  throttled: number
}

/** The state of the proxy, to be sent as JSON. */
export function describeStatus(source: StatusSource, now = Date.now()): Status {
  const reasons = source.obstacles()
  return {
    version: source.version,
    startedAt: new Date(source.startedAt).toISOString(),
    uptimeSeconds: seconds(now - source.startedAt),
    ready: reasons.length === 0,
    reasons,
    remarks: source.remarks?.() ?? [],
    listeners: source.listeners().map(({ environment, access, addresses }) => ({ environment, access, addresses })),
    environments: [...source.environments()].map(describeEnvironment)
  }
}

function describeEnvironment({ limiter, tokens, name, apiUrl, loginUrl, clientId }: StatusEnvironment) {
  const { application, company, waiting, oldestWaitMs } = limiter.snapshot()
  const { state, username, expiresInMs, restingForMs, sessionEndsInMs, lastError } = tokens.snapshot()
  return {
    name,
    apiUrl,
    loginUrl,
    clientId,
    username: username ?? null,
    token: {
      state,
      expiresInSeconds: secondsOrNull(expiresInMs),
      restingForSeconds: secondsOrNull(restingForMs),
      lastError: lastError ?? null
    },
    session: { endsInSeconds: secondsOrNull(sessionEndsInMs) },
    quota: describeWindow(application),
    companyQuota: company ? describeWindow(company) : null,
    queue: { waiting, oldestWaitSeconds: seconds(oldestWaitMs) }
  }
}

function describeWindow(window: WindowSnapshot): StatusWindow {
  const { configured, windowMs, limit, used, free, nextPlaceInMs, restingForMs, throttled } = window
  return {
    calls: configured,
    windowSeconds: seconds(windowMs),
    limit,
    used,
    free,
    nextPlaceInSeconds: seconds(nextPlaceInMs),
    restingForSeconds: seconds(restingForMs),
    throttled
  }
}

const seconds = (ms: number) => Math.round(ms / 100) / 10
const secondsOrNull = (ms: number | undefined) => (ms === undefined ? null : seconds(ms))
