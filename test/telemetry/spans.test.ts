import http from 'node:http'
import type { AddressInfo } from 'node:net'
import FakeTimers from '@sinonjs/fake-timers'
import t, { type Test } from 'tap'
import type { CallRecord } from '../../src/telemetry/records.js'
import { createSpans } from '../../src/telemetry/spans.js'
import { startApp } from '../support/app.js'
import { until } from '../support/until.js'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

const record: CallRecord = {
  id: 'id-1',
  startedAt: 1_700_000_000_000,
  environment: 'sandbox2',
  method: 'GET',
  path: '/v3/workorders/250000001',
  status: 200,
  problem: undefined,
  queueMs: 3,
  tokenMs: 0,
  upstreamMs: 12,
  totalMs: 15.25,
  ahead: 0,
  attempts: 1,
  notes: []
}

interface Batch {
  url: string | undefined
  type: string | undefined
  spans: Record<string, unknown>[]
  resource: unknown
}

/** An OpenTelemetry collector that writes down what it is sent. */
async function startCollector(t: Test, status = 200) {
  const batches: Batch[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text) => (body += text))
    request.on('end', () => {
      const { resource, scopeSpans } = JSON.parse(body).resourceSpans[0]
      batches.push({ url: request.url, type: request.headers['content-type'], spans: scopeSpans[0].spans, resource })
      response.writeHead(status).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { batches, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

t.test('a call becomes a span in the trace of its client', async (t) => {
  const { batches, endpoint } = await startCollector(t)
  const spans = createSpans({ endpoint: `${endpoint}/`, version: '1.2.3', onTrouble: t.fail })
  spans.observe({ ...record, traceparent: `00-${traceId}-${parentId}-01` })
  await spans.close()
  t.match(batches, [
    {
      url: '/v1/traces',
      type: 'application/json',
      resource: {
        attributes: [{ key: 'service.name', value: { stringValue: 'sc-proxy' } }, { key: 'service.version' }]
      },
      spans: [
        {
          traceId,
          parentSpanId: parentId,
          spanId: /^[\da-f]{16}$/,
          name: 'GET /v3/workorders/{id}',
          kind: 2,
          startTimeUnixNano: '1700000000000000000',
          endTimeUnixNano: '1700000000015250000',
          status: {}
        }
      ]
    }
  ])
  const attributes = batches[0]?.spans[0]?.attributes as { key: string; value: unknown }[]
  t.match(Object.fromEntries(attributes.map(({ key, value }) => [key, value])), {
    'http.response.status_code': { intValue: '200' },
    'sc_proxy.queue_ms': { doubleValue: 3 },
    'sc_proxy.attempts': { intValue: '1' }
  })
})

t.test('without a trace of the client it is one of its own; one that is not sampled is not sent', async (t) => {
  const { batches, endpoint } = await startCollector(t)
  const spans = createSpans({ endpoint, version: '1', onTrouble: t.fail })
  spans.observe({ ...record, status: 502, problem: 'upstream_dropped' })
  spans.observe({ ...record, traceparent: `00-${traceId}-${parentId}-00` })
  await spans.close()
  const [span, ...others] = batches.flatMap((batch) => batch.spans)
  t.strictSame(others, [])
  t.match(span, { traceId: /^[\da-f]{32}$/, parentSpanId: undefined, status: { code: 2 } })
})

t.test('spans leave in batches: every five seconds, and earlier when there are many', async (t) => {
  const clock = FakeTimers.install({ toFake: ['setInterval', 'clearInterval'] })
  t.teardown(() => clock.uninstall())
  const { batches, endpoint } = await startCollector(t)
  const spans = createSpans({ endpoint, version: '1', onTrouble: t.fail })
  spans.observe(record)
  clock.tick(4_999)
  t.equal(batches.length, 0)
  clock.tick(1)
  await until(() => batches.length === 1)
  spans.observe(record)
  // The answer to the first may still be on its way; nothing is sent before it.
  await until(() => {
    clock.tick(5_000)
    return batches.length === 2
  })
  for (let n = 0; n < 512; n++) spans.observe(record)
  await until(() => batches.length === 3)
  t.equal(batches[2]?.spans.length, 512)
  await spans.close()
})

t.test('a collector that fails is told of once, costs no memory without end and delays nobody', async (t) => {
  const { endpoint } = await startCollector(t, 503)
  const troubles: string[] = []
  let asked = 0
  const counting: typeof fetch = (input, init) => {
    asked++
    return fetch(input, init)
  }
  const spans = createSpans({ endpoint, version: '1', onTrouble: (reason) => troubles.push(reason), fetch: counting })
  for (let n = 0; n < 10_000; n++) spans.observe(record)
  await until(() => troubles.length === 1)
  spans.observe(record)
  await spans.close()
  t.strictSame([troubles, asked], [['answered 503'], 2])

  const nobody = createSpans({
    endpoint: 'http://127.0.0.1:1',
    version: '1',
    onTrouble: (reason) => troubles.push(reason)
  })
  nobody.observe(record)
  await nobody.close()
  t.equal(troubles[1], 'cannot be reached')

  const silent = createSpans({
    endpoint,
    version: '1',
    onTrouble: () => {},
    fetch: () => new Promise(() => {})
  })
  silent.observe(record)
  const before = performance.now()
  await silent.close()
  t.ok(performance.now() - before < 4_000, 'closing waits a second')
})

t.test('the proxy sends them where tracing.endpoint says, the last ones before it ends', async (t) => {
  const { batches, endpoint } = await startCollector(t)
  const { app, url } = await startApp(t, { SC_PROXY_TRACING_ENDPOINT: endpoint })
  const headers = { traceparent: `00-${traceId}-${parentId}-01` }
  const answer = await fetch(`${url}/v3/workorders?canary=CANARY`, { headers })
  await answer.arrayBuffer()
  await app.drain(1)
  t.match(batches, [{ spans: [{ traceId, parentSpanId: parentId, name: 'GET /v3/workorders' }] }])
  t.notMatch(JSON.stringify(batches), /CANARY|Bearer/)
})
