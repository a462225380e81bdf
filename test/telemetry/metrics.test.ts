import t from 'tap'
import { createMetrics } from '../../src/telemetry/metrics.js'
import type { Readings } from '../../src/telemetry/readings.js'
import type { CallRecord } from '../../src/telemetry/records.js'

const record: CallRecord = {
  id: 'id-1',
  startedAt: 0,
  environment: 'sandbox2',
  method: 'GET',
  path: '/v3/workorders/1',
  status: 200,
  problem: undefined,
  queueMs: 0,
  tokenMs: 0,
  upstreamMs: 240,
  totalMs: 250,
  ahead: 0,
  attempts: 1,
  notes: []
}

const windowReading = { limit: 30, configured: 40, used: 12, free: 18, throttled: 2 }

const readings: Readings = {
  version: '1.2.3',
  environments: () => [
    {
      name: 'sandbox2',
      limiter: {
        snapshot: () => ({
          waiting: 5,
          oldestWaitMs: 2500,
          restingForMs: 1000,
          application: windowReading,
          company: { ...windowReading, limit: 80, configured: 80, free: 68 }
        })
      },
      tokens: { snapshot: () => ({ state: 'valid', expiresInMs: 300_000 }) },
      slots: { busy: () => 3, waiting: () => 1 }
    }
  ],
  listeners: () => [
    { environment: 'sandbox2', connections: () => 4 },
    { environment: 'sandbox2', connections: () => 3 }
  ]
}

/** The samples of our own metrics, `name{labels}` to value. */
async function samplesOf(metrics: ReturnType<typeof createMetrics>): Promise<Map<string, number>> {
  const { text } = await metrics.expose()
  const lines = text.split('\n').filter((line) => line.startsWith('sc_proxy_'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

t.test('calls are counted by environment, method, class of status and route', async (t) => {
  const metrics = createMetrics(readings)
  metrics.observe(record)
  metrics.observe({ ...record, path: '/v3/workorders/2' })
  await metrics.expose()
  metrics.observe({ ...record, path: '/v3/workorders/3' })
  metrics.observe({ ...record, method: 'PROPFIND', status: 405, problem: 'method_not_supported', attempts: 0 })
  metrics.observe({ ...record, status: 429, problem: 'wait_too_long', attempts: 0, queueMs: 120_000 })
  metrics.observe({ ...record, attempts: 2, queueMs: 700 })
  const samples = await samplesOf(metrics)
  const sample = (name: string) => samples.get(name)
  const route = 'route="/v3/workorders/{id}"'
  t.equal(sample(`sc_proxy_calls_total{environment="sandbox2",method="GET",status="2xx",${route}}`), 4)
  t.equal(sample(`sc_proxy_calls_total{environment="sandbox2",method="other",status="4xx",${route}}`), 1)
  t.equal(sample('sc_proxy_problems_total{environment="sandbox2",code="wait_too_long"}'), 1)
  t.equal(sample('sc_proxy_requests_sent_total{environment="sandbox2"}'), 5)
  t.equal(sample('sc_proxy_queue_seconds_count{environment="sandbox2"}'), 5, 'who was refused at the door never waited')
  t.equal(sample('sc_proxy_queue_seconds_sum{environment="sandbox2"}'), 120.7)
  t.equal(sample('sc_proxy_queue_seconds_bucket{le="1",environment="sandbox2"}'), 4)
  t.equal(sample('sc_proxy_upstream_seconds_count{environment="sandbox2"}'), 4)
  t.equal(sample('sc_proxy_upstream_seconds_bucket{le="0.2",environment="sandbox2"}'), 0)
  t.equal(sample('sc_proxy_upstream_seconds_bucket{le="0.3",environment="sandbox2"}'), 4)
})

t.test('logins are counted by grant and outcome', async (t) => {
  const metrics = createMetrics(readings)
  metrics.observeLogin('sandbox2', { type: 'renewed', grant: 'password' })
  metrics.observeLogin('sandbox2', { type: 'failed', grant: 'refresh_token', code: 'login_timeout' })
  const samples = await samplesOf(metrics)
  t.equal(samples.get('sc_proxy_logins_total{environment="sandbox2",grant="password",outcome="renewed"}'), 1)
  t.equal(samples.get('sc_proxy_logins_total{environment="sandbox2",grant="refresh_token",outcome="login_timeout"}'), 1)
})

t.test('queue, places, token and connections are read when somebody asks', async (t) => {
  const samples = await samplesOf(createMetrics(readings))
  const wanted = {
    'sc_proxy_info{version="1.2.3"}': 1,
    'sc_proxy_queue_calls{environment="sandbox2"}': 5,
    'sc_proxy_queue_oldest_wait_seconds{environment="sandbox2"}': 2.5,
    'sc_proxy_queue_resting_seconds{environment="sandbox2"}': 1,
    'sc_proxy_places{environment="sandbox2",window="application",state="used"}': 12,
    'sc_proxy_places{environment="sandbox2",window="application",state="free"}': 18,
    'sc_proxy_places{environment="sandbox2",window="company",state="free"}': 68,
    'sc_proxy_places_limit{environment="sandbox2",window="application"}': 30,
    'sc_proxy_places_configured{environment="sandbox2",window="application"}': 40,
    'sc_proxy_throttled_total{environment="sandbox2",window="application"}': 2,
    'sc_proxy_token_life_seconds{environment="sandbox2"}': 300,
    'sc_proxy_login_state{environment="sandbox2",state="valid"}': 1,
    'sc_proxy_login_state{environment="sandbox2",state="rejected"}': 0,
    'sc_proxy_client_connections{environment="sandbox2"}': 7,
    'sc_proxy_upstream_connections{environment="sandbox2"}': 3,
    'sc_proxy_upstream_connections_waiting{environment="sandbox2"}': 1
  }
  t.strictSame(Object.fromEntries(Object.keys(wanted).map((name) => [name, samples.get(name)])), wanted)
  t.notOk(
    [...samples.keys()].some((name) => name.startsWith('sc_proxy_session')),
    'what is not known is not there'
  )
})

t.test('a hundred thousand ids make no more series than one', async (t) => {
  const metrics = createMetrics(readings)
  const seriesAfter = async (count: number, from: number) => {
    for (let id = from; id < from + count; id++) {
      const path = id % 2 === 0 ? `/v3/workorders/${id}` : `/v3/odata/workorders(${id})/notes`
      metrics.observe({ ...record, path })
    }
    return (await samplesOf(metrics)).size
  }
  t.equal(await seriesAfter(100_000, 250_000_000), await seriesAfter(2, 0))
})

t.test('none of the calls made before anybody asked is lost, however many they are', async (t) => {
  const metrics = createMetrics(readings)
  for (let n = 0; n < 2500; n++) metrics.observe(record)
  const samples = await samplesOf(metrics)
  t.equal(samples.get('sc_proxy_requests_sent_total{environment="sandbox2"}'), 2500)
})
