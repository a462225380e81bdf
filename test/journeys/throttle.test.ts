import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Client, createClient, problemOf, statuses } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { type ApiCall, account, json, type ServiceChannel, startServiceChannel } from './support/servicechannel.js'
import { createThrottle, type Throttle, type ThrottleOptions } from './support/throttle.js'

// What ServiceChannel says it allows, and what the proxy therefore believes, is twice what it does allow.
const half: ThrottleOptions = { calls: 10, windowMs: 2000, stated: 20 }
const quota = { calls: 20, windowSeconds: 2 }
const kinds: [string, ThrottleOptions][] = [
  ['429', half],
  ['429, and refused calls count', { ...half, countsRefused: true }],
  ['503, as it was before 2019', { ...half, status: 503 }]
]
const throttled = await Promise.all(
  kinds.map(async ([name, options]) => {
    const throttle = createThrottle(options)
    return { name, throttle, service: await startServiceChannel(t, { answer: throttle.answer }) }
  })
)
const sister = { ...account, clientId: 'SB.2000000001.11111111-2222-4333-8444-555555555555', username: 'sister.user' }
const companyThrottle = createThrottle({ ...half, limit: 'Company' })
const company = await startServiceChannel(t, { accounts: [account, sister], answer: companyThrottle.answer })
const pacing = await startServiceChannel(t, {
  answer: (_call, response) => json(response, 200, [], pacing.calls.length === 1 ? { 'Retry-After': inSeconds(3) } : {})
})
const closed = await startServiceChannel(t, {
  answer: (_call, response) => json(response, 429, { Reason: 'throttled' }, { 'Retry-After': inSeconds(1800) })
})

const { ports } = await startProxy(t, {
  environments: {
    ...Object.fromEntries(throttled.map(({ service }, n) => [`throttled-${n}`, environmentOf(service, { quota })])),
    company: environmentOf(company, { quota, companyQuota: quota }),
    sister: environmentOf(company, { quota, companyQuota: quota, credentials: sister }),
    pacing: environmentOf(pacing),
    closed: environmentOf(closed)
  }
})
const asks = ports.map((port) => createClient(t, port))
const [askCompany, askSister, askPacing, askClosed] = asks.slice(kinds.length) as [Client, Client, Client, Client]

t.setTimeout(180_000)
t.jobs = 8

for (const [n, { name, throttle, service }] of throttled.entries()) {
  t.test(`half the stated limit, announced with ${name}`, { buffered: true }, async (t) => {
    const startedAt = performance.now()
    const bodies = Array.from({ length: 60 }, (_, id) => `{ "Id": ${id}, "Nte": 250.0 }`)
    const answers = await Promise.all(bodies.map((body) => asks[n]!({ method: 'POST', body })))
    t.strictSame(statuses(answers), { 200: 60 }, 'no client notices')
    t.strictSame(throttle.accepted.map(({ body }) => `${body}`).toSorted(), bodies.toSorted(), 'each call is done once')
    rests(t, throttle, service)
    const [burst, later] = [service.calls.slice(0, quota.calls), service.calls.slice(quota.calls)]
    const refused = (calls: readonly ApiCall[]) =>
      calls.filter(({ at }) => throttle.refusals.some((no) => no.at === at))
    t.ok(refused(burst).length > 0, 'the limit is real')
    const few = refused(later).length
    t.ok(few <= 6, `it is learned: ${few} of the ${later.length} calls after the first burst are refused`)
    t.ok(performance.now() - startedAt < 40_000, 'and used')
  })
}

t.test('the limit of the company makes all its client ids rest', { buffered: true }, async (t) => {
  const answers = await Promise.all([askCompany, askSister].flatMap((ask) => Array.from({ length: 15 }, () => ask())))
  t.strictSame(statuses(answers), { 200: 30 })
  t.ok(companyThrottle.refusals.length > 0, 'the limit is real')
  rests(t, companyThrottle, company)
})

t.test('Retry-After on a good answer delays the calls after it', { buffered: true }, async (t) => {
  const first = await askPacing()
  t.ok(first.headers['retry-after'], 'which is delivered as it came')
  const answers = await Promise.all([askPacing(), askPacing()])
  t.strictSame(statuses([first, ...answers]), { 200: 3 })
  const gap = pacing.calls[1]!.at - pacing.calls[0]!.at
  t.ok(gap > 1900 && gap < 6000, `they arrive ${Math.round(gap)} ms later`)
})

t.test('a rest longer than any client waits is told at once', { buffered: true }, async (t) => {
  const startedAt = performance.now()
  for (const answer of [await askClosed(), await askClosed()]) {
    t.match(problemOf(answer), { status: 429, code: 'wait_too_long', detail: /\.$/ })
    const seconds = Number(answer.headers['retry-after'])
    t.ok(seconds > 1600 && seconds <= 1801, `come back in ${seconds} s`)
  }
  t.ok(performance.now() - startedAt < 20_000, 'not after the 120 s that a call may wait')
  await pause(300)
  t.equal(closed.calls.length, 1, 'and the API is left alone')
})

/** Nothing arrives while the server wants rest, except what was on its way when it said so: most of the first burst. */
function rests(t: Test, { refusals }: Throttle, { calls }: ServiceChannel): void {
  const onTheirWayMs = 1000
  const disturbances = calls.slice(quota.calls).flatMap((call) => {
    const rest = refusals.find(({ at, until }) => call.at > at + onTheirWayMs && call.at < until)
    return rest ? [{ msIntoTheRest: call.at - rest.at, msBeforeItsEnd: rest.until - call.at }] : []
  })
  t.strictSame(disturbances, [], 'nothing arrives while the server wants rest')
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toUTCString()
}
