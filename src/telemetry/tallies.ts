import type { ProblemCode } from '../errors.js'
import { createDistribution, type Distribution } from './distribution.js'
import type { CallRecord } from './records.js'
import { createRouteTemplates } from './route-template.js'

/** What happened at a token endpoint, as far as it is counted. */
export interface LoginResult {
  type: 'renewed' | 'failed'
  grant: string
  code?: string
}

/** What was counted of one environment since the start. */
export interface Tally {
  /** Requests sent to the API. */
  sent: number
  /** Seconds in the queue. */
  readonly waits: Distribution
  /** Seconds from sending a call to the head of the answer. */
  readonly answers: Distribution
  /** By route and method, in an array by class of status. */
  readonly calls: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>
  readonly problems: ReadonlyMap<ProblemCode, number>
  readonly logins: ReadonlyMap<string, { grant: string; outcome: string; count: number }>
}

export interface Tallies {
  observe(call: CallRecord): void
  observeLogin(environment: string, login: LoginResult): void
  /** By environment. */
  readonly all: ReadonlyMap<string, Tally>
}

/** Up to the 120 seconds a call may wait, and be waited for, by default. */
const queueBuckets = [0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 90, 120]
const upstreamBuckets = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120]

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Counts calls in numbers that are there already: a library of metrics would look its labels up anew each time, which
 * costs more than the call's way through both limits. No key is one that callers can invent.
 */
export function createTallies(): Tallies {
  const routes = createRouteTemplates()
  const all = new Map<string, ReturnType<typeof createTally>>()

  function tallyOf(environment: string): ReturnType<typeof createTally> {
    const known = all.get(environment)
    if (known) return known
    const tally = createTally()
    all.set(environment, tally)
    return tally
  }

  return {
    all,
    observe(call) {
      const { attempts, queueMs, problem, status } = call
      const tally = tallyOf(call.environment)
      const route = routes.of(call.path, attempts > 0 && status !== 404)
      const classes = tally.classesOf(route, methods.has(call.method) ? call.method : 'other')
      const hundreds = Math.trunc(status / 100)
      classes[hundreds] = (classes[hundreds] ?? 0) + 1
      if (problem !== undefined) tally.problems.set(problem, (tally.problems.get(problem) ?? 0) + 1)
      if (attempts > 0 || queueMs > 0) tally.waits.add(queueMs / 1000)
      if (attempts === 0) return
      tally.sent += attempts
      tally.answers.add(call.upstreamMs / 1000)
    },
    observeLogin(environment, { type, grant, code }) {
      const { logins } = tallyOf(environment)
      const outcome = type === 'renewed' ? type : (code ?? type)
      const key = `${grant} ${outcome}`
      logins.set(key, { grant, outcome, count: (logins.get(key)?.count ?? 0) + 1 })
    }
  }
}

function createTally() {
  const calls = new Map<string, Map<string, number[]>>()
  return {
    sent: 0,
    waits: createDistribution(queueBuckets),
    answers: createDistribution(upstreamBuckets),
    calls,
    problems: new Map<ProblemCode, number>(),
    logins: new Map<string, { grant: string; outcome: string; count: number }>(),
    /** The counts of one method of one route. */
    classesOf(route: string, method: string): number[] {
      const byMethod = calls.get(route) ?? new Map<string, number[]>()
      if (byMethod.size === 0) calls.set(route, byMethod)
      const classes = byMethod.get(method) ?? [0, 0, 0, 0, 0, 0]
      if (!byMethod.has(method)) byMethod.set(method, classes)
      return classes
    }
  }
}
