import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { preferredWait } from '../../src/proxy/prefer.js'
import { startProxy, type TestProxyOptions } from '../support/proxy.js'
import { json, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

type Headers = Record<string, string>

/** A proxy and its server; `ask` calls it and leaves at the end of the test if it has had no answer by then. */
async function start(
  t: Test,
  calls: number,
  windowSeconds: number,
  options: Partial<TestProxyOptions & ServerOptions>
) {
  const servicechannel = await startServiceChannel(t, options)
  const proxy = await startProxy(t, {
    ...options,
    environment: { ...servicechannel, quota: { calls, windowSeconds } }
  })
  const leaving = new AbortController()
  const ask = (path: string, headers: Headers = {}, init: RequestInit = {}) =>
    fetch(`${proxy.url}${path}`, { ...init, headers, signal: leaving.signal })
  return { ...proxy, servicechannel, ask, leave: () => leaving.abort() }
}

const paths = ({ arrivals }: { arrivals: { url: string }[] }) => arrivals.map(({ url }) => url)

t.test('a flood of one client lets the first call of another have its turn', async (t) => {
  const { ask, limiter, servicechannel, leave } = await start(t, 5, 1, {})
  const flood = Array.from({ length: 500 }, () => ask('/flood', { 'user-agent': 'batch' }).catch(() => 'left'))
  await until(() => limiter.snapshot().waiting >= 400)
  const before = servicechannel.arrivals.length
  const person = ask('/person', { 'user-agent': 'person' })
  const urgent = ask('/urgent', { 'user-agent': 'batch', priority: 'u=0' })
  t.equal((await person).status, 200)
  t.equal((await urgent).status, 200)
  const turns = paths(servicechannel).slice(before)
  t.ok(turns.indexOf('/urgent') <= 5, `urgency passes the whole batch: ${turns}`)
  t.ok(turns.indexOf('/person') <= 7, `and two clients take turns: ${turns}`)
  leave()
  await Promise.all(flood)
})

t.test('a full queue keeps out a flood, and lets in who is more urgent or has fewer calls in it', async (t) => {
  const { ask, limiter, servicechannel, leave } = await start(t, 1, 2, {
    queue: { maxCalls: 20, maxWaitSeconds: 120 }
  })
  await ask('/first')
  const told: number[] = []
  const flood = Array.from({ length: 30 }, () =>
    ask('/flood', { 'user-agent': 'batch' }).then(
      (answer) => {
        if (answer.status === 429) told.push(Number(answer.headers.get('retry-after')))
        return answer.headers.get('x-sc-proxy-error')
      },
      () => 'left'
    )
  )
  await until(() => told.length === 10)
  const startedAt = performance.now()
  const refused = await ask('/late', { 'user-agent': 'batch' })
  t.match(
    { status: refused.status, code: refused.headers.get('x-sc-proxy-error') },
    { status: 429, code: 'queue_full' }
  )
  t.ok(performance.now() - startedAt < 1000, 'who is refused is told at once')

  const urgent = ask('/urgent', { 'user-agent': 'batch', priority: 'u=0' })
  await until(() => told.length === 11)
  const person = ask('/person', { 'user-agent': 'person' })
  await until(() => told.length === 12)
  t.equal(limiter.snapshot().waiting, 20, 'the queue stays as long as it may be')
  t.ok(
    told.every((seconds) => seconds >= 1 && seconds <= 42),
    `those who gave way know when to come back: ${told}`
  )
  t.strictSame([(await urgent).status, (await person).status], [200, 200])
  t.ok(paths(servicechannel).indexOf('/urgent') < paths(servicechannel).indexOf('/person'))
  leave()
  t.ok((await Promise.all(flood)).every((code) => code === 'queue_full' || code === 'left' || code === null))
})

t.test('nobody uploads a body only to hear that there is no room', async (t) => {
  const { ask, url } = await start(t, 1, 60, { queue: { maxCalls: 1000, maxWaitSeconds: 1 } })
  await ask('/first')
  let sent = 0
  const body = new ReadableStream({
    async pull(controller) {
      await pause(20)
      controller.enqueue(new Uint8Array(1000))
      if (++sent === 200) controller.close()
    }
  })
  const answer = await fetch(`${url}/upload`, { method: 'POST', body, duplex: 'half' } as RequestInit)
  t.equal(answer.status, 429)
  t.ok(sent < 100, `it is told after ${sent} of 200 pieces`)
})

t.test('Prefer: wait=n bounds the wait of a call, and the answer says that it was heeded', async (t) => {
  const { ask } = await start(t, 1, 3, {})
  const first = await ask('/first', { prefer: 'respond-async, wait=10' })
  t.match([first.status, first.headers.get('preference-applied')], [200, 'wait=10'])
  const startedAt = performance.now()
  const refused = await ask('/v3/impatient', { prefer: 'wait=1' })
  t.ok(performance.now() - startedAt < 1000, 'at once')
  t.match(
    [refused.status, refused.headers.get('x-sc-proxy-error'), refused.headers.get('preference-applied')],
    [429, 'wait_too_long', 'wait=1']
  )
  const seconds = Number(refused.headers.get('retry-after'))
  t.ok(seconds >= 1 && seconds <= 3)
  await pause(seconds * 1000)
  t.equal((await ask('/v3/impatient', { prefer: 'wait=1' })).status, 200, 'the same call is served when it said')
  const patient = await ask('/v3/patient', { prefer: 'wait=soon' })
  t.match([patient.status, patient.headers.get('preference-applied')], [200, null], 'nonsense is ignored')
})

t.test('a wait that a client bounds is bounded for its whole way, also when it is throttled', async (t) => {
  let refusals = 2
  const { ask, servicechannel } = await start(t, 10, 1, {
    answer: (_request, response) => {
      if (refusals-- > 0) json(response, 429, { Reason: 'Request has been throttled.' }, { 'Retry-After': '2' })
      else response.end('ok')
    }
  })
  const answer = await ask('/v3/bounded', { prefer: 'wait=3' })
  t.match([answer.status, answer.headers.get('x-sc-proxy-error')], [429, 'wait_too_long'])
  t.equal(servicechannel.arrivals.length, 2, 'two seconds it waited, two more were too many')
})

t.test('an hour of rest is told at once to all who cannot wait for it', async (t) => {
  const held = new Map<string | undefined, ServerResponse>()
  const { ask, limiter, servicechannel } = await start(t, 2, 1, {
    timeouts: { connectSeconds: 30, headersSeconds: 30, bodySeconds: 30, loginSeconds: 30 },
    answer: (request, response) => held.set(request.url, response)
  })
  const throttled = ask('/throttled')
  const served = ask('/served')
  await until(() => held.size === 2)
  const waiting = Array.from({ length: 30 }, () => ask('/waiting'))
  await until(() => limiter.snapshot().waiting === 30)
  json(held.get('/throttled')!, 429, { Reason: 'Request has been throttled.' }, { 'Retry-After': '3600' })
  const startedAt = performance.now()
  const answers = await Promise.all([throttled, ...waiting])
  t.ok(performance.now() - startedAt < 1500)
  for (const answer of answers) {
    t.match([answer.status, answer.headers.get('x-sc-proxy-error')], [429, 'wait_too_long'])
    // Two minutes it may wait: then it need not come back before the last two.
    const seconds = Number(answer.headers.get('retry-after'))
    t.ok(seconds >= 3470 && seconds <= 3600, `${seconds}`)
  }
  held.get('/served')?.end('ok')
  t.equal((await served).status, 200, 'what had left before is answered')
  t.equal(servicechannel.arrivals.length, 2, 'and nothing else has arrived')
})

t.test('the preference is read as RFC 7240 writes it', async (t) => {
  const forms: [string | undefined, number | undefined][] = [
    ['wait=10', 10],
    ['Wait = 10', 10],
    ['respond-async, wait=10', 10],
    ['wait=10; x=1, return=minimal', 10],
    ['odata.maxpagesize=50,wait=0', 0],
    ['wait=10, wait=20', 10],
    ['wait=x, wait=20', undefined],
    ['wait, wait=20', undefined],
    ['wait=', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['wait=10s', undefined],
    ['await=10', undefined],
    ['note="a, wait=10"', undefined],
    ['note="a \\" , wait=10", wait=3', 3],
    ['return=minimal; wait=10', undefined],
    ['', undefined],
    [undefined, undefined]
  ]
  for (const [header, seconds] of forms) t.equal(preferredWait(header), seconds, String(header))
})
