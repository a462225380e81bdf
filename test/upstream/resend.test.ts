import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import t from 'tap'
import { judge } from '../../src/upstream/verdict.js'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { json, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

const fresh = { ageMs: 1_000, remainingMs: 599_000, marginMs: 60_000, idleMs: 1_000 }
const evidence = { method: 'POST', replayable: true, renewals: 0, resends: 0, token: fresh }

t.test('the verdict on a 401 goes by the age of the token', async (t) => {
  const unauthorized = { answer: 401, throttled: false }
  t.equal(judge({ ...evidence, ended: unauthorized }), 'deliver', 'fresh: the right is missing')
  t.equal(
    judge({ ...evidence, ended: unauthorized, token: { ...fresh, ageMs: 545_000, remainingMs: 55_000 } }),
    'renew',
    'near its end'
  )
  t.equal(
    judge({ ...evidence, ended: unauthorized, token: { ...fresh, remainingMs: -1 } }),
    'renew',
    'ended on the way'
  )
  t.equal(
    judge({
      ...evidence,
      ended: unauthorized,
      token: { ...fresh, ageMs: 300_000, remainingMs: 300_000, idleMs: 1_000 }
    }),
    'deliver',
    'it has just let others in'
  )
  t.equal(
    judge({
      ...evidence,
      ended: unauthorized,
      token: { ...fresh, ageMs: 300_000, remainingMs: 300_000, idleMs: 200_000 }
    }),
    'renew',
    'nobody has come in with it for minutes'
  )
  t.equal(
    judge({ ...evidence, ended: unauthorized, token: { ...fresh, remainingMs: -1 }, renewals: 1 }),
    'deliver',
    'renewed already'
  )
  t.equal(
    judge({ ...evidence, ended: unauthorized, token: { ...fresh, remainingMs: -1 }, replayable: false }),
    'retire',
    'the body is gone: the next call renews'
  )
  t.equal(
    judge({ ...evidence, ended: { answer: 403, throttled: false }, token: { ...fresh, remainingMs: -1 } }),
    'deliver',
    '403 is never about the token'
  )
})

t.test('the verdict on a dropped connection goes by what may have been done', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    t.equal(judge({ ...evidence, method, ended: { dropped: 'written' } }), 'deliver', method)
    t.equal(judge({ ...evidence, method, ended: { dropped: 'unwritten' } }), 'resend', `${method}, not a byte written`)
  }
  for (const method of ['GET', 'HEAD'])
    t.equal(judge({ ...evidence, method, ended: { dropped: 'written' } }), 'resend', method)
  t.equal(judge({ ...evidence, method: 'GET', ended: { dropped: 'written' }, resends: 1 }), 'deliver', 'once only')
  t.equal(judge({ ...evidence, ended: { dropped: 'unwritten' }, replayable: false }), 'deliver')
})

t.test('502, 503, 504 and 500 are answers: they are delivered as they are, once', async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) =>
      json(response, Number(request.url?.slice(1)), { ErrorCode: 501, ErrorMessage: 'Timeout expired' })
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  for (const status of [500, 502, 503, 504]) {
    for (const method of ['GET', 'POST']) {
      const before = servicechannel.arrivals.length
      const answer = await fetch(`${proxy.url}/${status}`, { method })
      t.equal(answer.status, status)
      t.equal(answer.headers.get('x-sc-proxy-error'), null, 'it is not marked as made by the proxy')
      t.same(await answer.json(), { ErrorCode: 501, ErrorMessage: 'Timeout expired' })
      t.equal(servicechannel.arrivals.length, before + 1, `${method} ${status} arrived once`)
    }
  }
})

t.test('a throttled call waits and is sent again, whole, and its client sees only the answer', async (t) => {
  let refusals = 0
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response, { body }) => {
      if (refusals++ > 0) return json(response, 201, { echo: body.toString() })
      const again = new Date(Date.now() + 1500).toUTCString()
      json(
        response,
        503,
        { Reason: 'Request has been throttled. Your current Application limit is [40] per [1] minute' },
        { 'retry-after': again, date: new Date().toUTCString() }
      )
    }
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const answer = await fetch(`${proxy.url}/v3/workorders`, { method: 'POST', body: 'all of it' })
  t.equal(answer.status, 201)
  t.same(await answer.json(), { echo: 'all of it' })
  t.equal(servicechannel.arrivals.length, 2)
  t.match(answer.headers.get('server-timing'), /queue;dur=\d{3,}/, 'the wait is told')
  t.match(proxy.records[0], { attempts: 2, notes: [/throttled/] })
})

t.test(
  'a dropped connection: GET is asked once more, POST never, and the client is told what is not known',
  async (t) => {
    let left = 0
    const servicechannel = await startServiceChannel(t, {
      answer: (_request, response) => (left-- > 0 ? response.socket?.destroy() : json(response, 200, { ok: true }))
    })
    const proxy = await startProxy(t, { environment: servicechannel })
    left = 1
    t.equal((await fetch(`${proxy.url}/v3/x`)).status, 200)
    t.equal(servicechannel.arrivals.length, 2)
    t.match(proxy.records[0], { attempts: 2, notes: ['the connection dropped: trying again'] })
    left = 2
    const twice = await fetch(`${proxy.url}/v3/x`)
    t.equal(twice.status, 502, 'dropped twice')
    t.equal(servicechannel.arrivals.length, 4)
    left = 1
    const post = await fetch(`${proxy.url}/v3/x`, { method: 'POST', body: 'pay' })
    t.equal(post.status, 502)
    t.match(await post.json(), { code: 'upstream_dropped', detail: /may or may not have been carried out/ })
    t.equal(servicechannel.arrivals.length, 5, 'not sent a second time')
  }
)

t.test('nothing that listens, no such name: 502 at once, nothing sent', async (t) => {
  const { ca, loginUrl } = await startServiceChannel(t)
  const closed = await startProxy(t, { environment: { apiUrl: 'https://localhost:1', loginUrl, ca } })
  t.match(await (await fetch(`${closed.url}/v3/x`)).json(), {
    status: 502,
    code: 'upstream_unreachable',
    detail: /connection refused[\s\S]*Nothing was sent/
  })
  t.strictSame(closed.records[0]?.notes, ['no connection came about: trying again'])
  const unnamed = await startProxy(t, { environment: { apiUrl: 'https://no-such-name.invalid', loginUrl, ca } })
  t.match(await (await fetch(`${unnamed.url}/v3/x`)).json(), {
    status: 502,
    code: 'upstream_unreachable',
    detail: /DNS/
  })
})

t.test(
  'an answer that does not begin, or stops in the middle, ends by its own clock and not in the queue',
  async (t) => {
    const open: ServerResponse[] = []
    const servicechannel = await startServiceChannel(t, {
      answer: (request, response) => {
        if (request.url === '/half') response.writeHead(200, { 'content-length': 10 }).write('half')
        open.push(response)
      }
    })
    const proxy = await startProxy(t, {
      environment: servicechannel,
      timeouts: { connectSeconds: 1, headersSeconds: 1, bodySeconds: 1, loginSeconds: 5 }
    })
    const silent = await fetch(`${proxy.url}/silent`, { method: 'POST' })
    t.equal(silent.status, 504)
    t.match(await silent.json(), { code: 'upstream_timeout', detail: /did not begin its answer in time/ })
    const half = await fetch(`${proxy.url}/half`)
    t.equal(half.status, 200)
    await t.rejects(half.text(), 'half an answer is not passed off as a whole one')
    await until(() => proxy.records.length === 2)
    t.match(proxy.records.at(-1), { status: 200, problem: 'upstream_dropped' })
  }
)

t.test('an answer that breaks off shows what had come, and never passes for a whole one', async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => {
      response.writeHead(200, request.url === '/unframed' ? {} : { 'content-length': 10 })
      response.flushHeaders()
      if (request.url !== '/head') response.write('half')
      setImmediate(() => response.destroy())
    }
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const ask = (path: string, version = '1.1') =>
    raw(proxy.port, `GET ${path} HTTP/${version}\r\nHost: localhost\r\n\r\n`)
  t.match(await ask('/head'), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/, 'only the head had come')
  t.match(await ask('/half'), /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nhalf$/)
  t.notMatch(await ask('/unframed'), /0\r\n\r\n$/, 'the last chunk is missing')
  const client = net.connect(proxy.port, '127.0.0.1')
  client.on('data', () => {}).write('GET /unframed HTTP/1.0\r\n\r\n')
  const [error] = await once(client, 'error')
  t.match(error, { code: 'ECONNRESET' }, 'where only the end of the connection ends an answer, it is reset')
})
