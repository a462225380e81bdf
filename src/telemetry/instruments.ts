import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { problems as codes } from '../errors.js'
import type { Metrics } from './metrics.js'
import { type Readings, readAtScrape } from './readings.js'
import { createRouteTemplates } from './route-template.js'

/** The metrics once they are loaded. */
export type Instruments = Metrics

/** Up to the 120 seconds a call may wait, and be waited for, by default. */
const queueBuckets = [0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 90, 120]
const upstreamBuckets = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120]

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * The metrics of one process in a registry of their own. Names and labels follow Prometheus: base units, `_total` for
 * what only grows. No label has a value that callers can invent.
 */
export function createInstruments(readings: Readings): Instruments {
  const registry = new Registry()
  const registers = [registry]
  const routes = createRouteTemplates()

  const calls = new Counter({
    name: 'sc_proxy_calls_total',
    help: 'Finished calls, by what was asked for and the class of the status the client got.',
    labelNames: ['environment', 'method', 'status', 'route'],
    registers
  })
  const problems = new Counter({
    name: 'sc_proxy_problems_total',
    help: 'Calls that the proxy itself had to answer, by the code of the answer.',
    labelNames: ['environment', 'code'],
    registers
  })
  const sent = new Counter({
    name: 'sc_proxy_requests_sent_total',
    help: 'Requests sent to the API: more than the calls where some were sent again.',
    labelNames: ['environment'],
    registers
  })
  const waits = new Histogram({
    name: 'sc_proxy_queue_seconds',
    help: 'How long calls waited for a place under the quota and for a connection.',
    labelNames: ['environment'],
    buckets: queueBuckets,
    registers
  })
  const answers = new Histogram({
    name: 'sc_proxy_upstream_seconds',
    help: 'From sending a call to the head of the answer of the API, over all attempts.',
    labelNames: ['environment'],
    buckets: upstreamBuckets,
    registers
  })
  const logins = new Counter({
    name: 'sc_proxy_logins_total',
    help: 'Requests to the token endpoint, by grant and outcome: renewed, or the code of the failure.',
    labelNames: ['environment', 'grant', 'outcome'],
    registers
  })
  new Gauge({
    name: 'sc_proxy_info',
    help: 'The version that runs; always 1.',
    labelNames: ['version'],
    registers
  }).set({ version: readings.version }, 1)
  // From zero, so that the first one of a kind already is an increase.
  for (const { name: environment } of readings.environments()) {
    for (const code of Object.keys(codes)) problems.inc({ environment, code }, 0)
  }
  readAtScrape(registers, readings)
  collectDefaultMetrics({ register: registry })

  return {
    observe(call) {
      const { environment, attempts, queueMs, problem } = call
      const isKnown = attempts > 0 && call.status !== 404
      calls.inc({
        environment,
        method: methods.has(call.method) ? call.method : 'other',
        status: `${Math.trunc(call.status / 100)}xx`,
        route: routes.of(call.path, isKnown)
      })
      if (problem !== undefined) problems.inc({ environment, code: problem })
      if (attempts > 0 || queueMs > 0) waits.observe({ environment }, queueMs / 1000)
      if (attempts === 0) return
      sent.inc({ environment }, attempts)
      answers.observe({ environment }, call.upstreamMs / 1000)
    },
    observeLogin(environment, { type, grant, code }) {
      logins.inc({ environment, grant, outcome: type === 'renewed' ? type : (code ?? type) })
    },
    async expose() {
      return { contentType: registry.contentType, text: await registry.metrics() }
    }
  }
}
