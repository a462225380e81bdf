import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { problems as codes } from '../errors.js'
import { atScrape } from './at-scrape.js'
import type { Distribution } from './distribution.js'
import { type Readings, readAtScrape } from './readings.js'
import type { Tally } from './tallies.js'

/** Every metric, in the text format of Prometheus. */
export interface Exposition {
  contentType: string
  text: string
}

/** The registry of one process. */
export interface Instruments {
  expose(): Promise<Exposition>
}

/**
 * What the tallies hold and what the rooms tell, as metrics in a registry of their own. Names and labels follow
 * Prometheus: base units, `_total` for what only grows.
 */
export function createInstruments(tallies: ReadonlyMap<string, Tally>, readings: Readings): Instruments {
  const registry = new Registry()
  const { counter } = atScrape(registry)

  function histogram(name: string, help: string, of: (tally: Tally) => Distribution): void {
    // The library's own can only be told of one value after the other. It asks a metric for no more than this.
    const metric = {
      name,
      get: async () => ({
        name,
        help,
        type: 'histogram',
        values: [...tallies].flatMap(([environment, tally]) => samples(name, { environment }, of(tally)))
      })
    }
    registry.registerMetric(metric as unknown as Metric)
  }

  counter(
    'sc_proxy_calls_total',
    'Finished calls, by what was asked for and the class of the status the client got.',
    ['environment', 'method', 'status', 'route'],
    (add) => {
      for (const [environment, { calls }] of tallies)
        for (const [route, byMethod] of calls)
          for (const [method, classes] of byMethod)
            for (const [hundreds, count] of classes.entries())
              if (count > 0) add({ environment, method, status: `${hundreds}xx`, route }, count)
    }
  )
  counter(
    'sc_proxy_problems_total',
    'Calls that the proxy itself had to answer, by the code of the answer.',
    ['environment', 'code'],
    (add) => {
      // From zero, so that the first one of a kind already is an increase.
      for (const { name: environment } of readings.environments())
        for (const code of Object.keys(codes)) add({ environment, code }, 0)
      for (const [environment, { problems }] of tallies)
        for (const [code, count] of problems) add({ environment, code }, count)
    }
  )
  counter(
    'sc_proxy_requests_sent_total',
    'Requests sent to the API: more than the calls where some were sent again.',
    ['environment'],
    (add) => {
      for (const [environment, { sent }] of tallies) if (sent > 0) add({ environment }, sent)
    }
  )
  histogram(
    'sc_proxy_queue_seconds',
    'How long calls waited for a place under the quota and for a connection.',
    ({ waits }) => waits
  )
  histogram(
    'sc_proxy_upstream_seconds',
    'From sending a call to the head of the answer of the API, over all attempts.',
    ({ answers }) => answers
  )
  counter(
    'sc_proxy_logins_total',
    'Requests to the token endpoint, by grant and outcome: renewed, or the code of the failure.',
    ['environment', 'grant', 'outcome'],
    (add) => {
      for (const [environment, { logins }] of tallies)
        for (const { grant, outcome, count } of logins.values()) add({ environment, grant, outcome }, count)
    }
  )
  new Gauge({
    name: 'sc_proxy_info',
    help: 'The version that runs; always 1.',
    labelNames: ['version'],
    registers: [registry]
  }).set({ version: readings.version }, 1)
  readAtScrape(registry, readings)
  collectDefaultMetrics({ register: registry })

  return {
    async expose() {
      return { contentType: registry.contentType, text: await registry.metrics() }
    }
  }
}

/** One distribution as a histogram is told: the counts of all buckets up to each bound, sum and number. */
function samples(name: string, labels: Record<string, string>, { bounds, counts, sum }: Distribution) {
  let count = 0
  const upTo = (bound: number | '+Inf', index: number) => {
    count += counts[index] ?? 0
    return { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: count }
  }
  const buckets = [...bounds, '+Inf' as const].map(upTo)
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum() },
    { metricName: `${name}_count`, labels, value: count }
  ]
}
