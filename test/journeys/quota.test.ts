import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answer, type Client, createClient, problemOf, statuses } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { fullestWindow } from './support/rolling-window.js'
import { type Account, account, json, type ServiceChannel, startServiceChannel } from './support/servicechannel.js'
import { startSlowLine } from './support/slow-line.js'
import { until } from './support/until.js'

const colleague = { ...account, username: 'another.user', password: 'another password' }
const sister: Account = {
  clientId: 'SB.2000000001.11111111-2222-4333-8444-555555555555',
  clientSecret: 'A SISTER',
  username: 'sister.user',
  password: 'sister password'
}
const within = (calls: number, windowSeconds: number) => ({ quota: { calls, windowSeconds } })

// Every environment is a ServiceChannel of its own, so that all can be tried at once in one process.
const burst = await startServiceChannel(t, {
  answer: (_call, response) => void setTimeout(() => json(response, 200, []), Math.random() * 150)
})
const shared = await startServiceChannel(t, { accounts: [account, colleague] })
const company = await startServiceChannel(t, { accounts: [account, sister] })
const patience = await startServiceChannel(t)
const distance = await startServiceChannel(t)
let distanceMs = 0
const line = await startSlowLine(t, distance.apiUrl, () => distanceMs)
const fairness = await startServiceChannel(t)
const companyQuota = { calls: 12, windowSeconds: 1 }

const asks = await clientsOf(t, {
  listeners: [
    { environment: 'burst' },
    { environment: 'shared' },
    { environment: 'shared', access: 'read-only' },
    { environment: 'colleague' },
    { environment: 'company' },
    { environment: 'sister' },
    { environment: 'patience' },
    { environment: 'distance' },
    { environment: 'fairness' },
    { environment: 'fairness', priority: 1 }
  ],
  environments: {
    burst: environmentOf(burst, within(20, 2)),
    shared: environmentOf(shared, within(10, 1)),
    colleague: environmentOf(shared, { ...within(10, 1), credentials: colleague }),
    company: environmentOf(company, { ...within(10, 1), companyQuota }),
    sister: environmentOf(company, { ...within(10, 1), companyQuota, credentials: sister }),
    patience: environmentOf(patience, within(3, 2)),
    distance: environmentOf({ ...distance, apiUrl: line.url }, within(4, 1)),
    fairness: environmentOf(fairness, within(2, 1))
  }
})

t.setTimeout(180_000)
t.jobs = 8

t.test('a burst of six windows never exceeds the quota and uses it', { buffered: true }, async (t) => {
  const [ask] = asks
  const answers = await times(120, () => ask!())
  t.strictSame(statuses(answers), { 200: 120 }, 'no client notices')
  t.equal(burst.calls.length, 120, 'each arrived once')
  fits(t, burst, 20, 2000)
  const arrivals = burst.calls.map(({ at }) => at)
  const utilisation = (5 * 2000) / (Math.max(...arrivals) - Math.min(...arrivals))
  // A place comes back one window after its answer: the slower the answers, on a busy machine, the fewer calls fit.
  const roundTripMs = slowest(answers)
  const possible = 2000 / (2000 + roundTripMs)
  const percent = (share: number) => `${Math.round(share * 100)} %`
  t.comment(`utilisation ${percent(utilisation)}; ${percent(possible)} with round trips of ${roundTripMs} ms`)
  t.ok(utilisation >= 0.8 * possible, 'and little of the quota is wasted')
})

t.test('listeners and environments of one client id share its quota', { buffered: true }, async (t) => {
  const answers = await Promise.all(asks.slice(1, 4).map((ask) => times(12, () => ask())))
  t.strictSame(statuses(answers.flat()), { 200: 36 })
  t.equal(shared.calls.length, 36)
  fits(t, shared, 10, 1000)
})

t.test('client ids of one company keep its quota together', { buffered: true }, async (t) => {
  const answers = await Promise.all(asks.slice(4, 6).map((ask, n) => times(24, () => ask({ target: `/v3/${n}` }))))
  t.strictSame(statuses(answers.flat()), { 200: 48 })
  t.equal(company.calls.length, 48)
  fits(t, company, 12, 1000)
  const [own, sisters] = ['/v3/0', '/v3/1'].map((path) => ({
    calls: company.calls.filter(({ target }) => target === path),
    last: company.calls.findLastIndex(({ target }) => target === path)
  }))
  fits(t, own!, 10, 1000)
  fits(t, sisters!, 10, 1000)
  t.ok(Math.abs(own!.last - sisters!.last) < 24, 'neither has to wait until the other is through')
})

t.test('whoever leaves while waiting spends nothing', { buffered: true }, async (t) => {
  const ask = asks[6]!
  await times(3, () => ask())
  const startedAt = performance.now()
  const leaving = new AbortController()
  const left = times(6, () => ask({ target: '/v3/left', signal: leaving.signal }).catch(() => 'left'))
  await pause(300)
  leaving.abort()
  t.strictSame(await left, Array(6).fill('left'))
  const stayed = await times(3, () => ask())
  t.strictSame(statuses(stayed), { 200: 3 })
  t.ok(performance.now() - startedAt < 3500, 'the next window is all for those who stayed')
  t.notOk(
    patience.calls.some(({ target }) => target === '/v3/left'),
    'and nothing was sent for the others'
  )
})

t.test('whoever leaves after departure has used a place where the server counts', { buffered: true }, async (t) => {
  const ask = asks[7]!
  // So that login and connections are out of the way: four at a time need four, or a handshake would pass for a call.
  distanceMs = 200
  await times(4, () => ask())
  await pause(1200)

  distanceMs = 600
  const leaving = new AbortController()
  const left = times(4, () => ask({ signal: leaving.signal }).catch(() => 'left'))
  await until(() => line.underWay() === 4)
  leaving.abort()
  t.strictSame(await left, Array(4).fill('left'))
  await pause(200)
  distanceMs = 0
  const stayed = await times(4, () => ask())
  t.strictSame(statuses(stayed), { 200: 4 })
  t.equal(distance.calls.length, 12, 'what was under way arrived, though nobody waited for it any more')
  fits(t, distance, 4, 1000)
})

t.test('a batch keeps nobody else waiting, and urgency passes everybody', { buffered: true }, async (t) => {
  const [ask, askUrgently] = asks.slice(8)
  const batch = times(10, () => ask!({ headers: ['User-Agent', 'nightly batch'] }))
  await until(() => fairness.calls.length === 2)
  await pause(200)
  const others = await Promise.all([
    ask!({ target: '/v3/person', headers: ['User-Agent', 'Postman'] }),
    askUrgently!({ target: '/v3/listener', headers: ['User-Agent', 'nightly batch'] }),
    ask!({ target: '/v3/header', headers: ['User-Agent', 'nightly batch', 'Priority', 'u=0'] })
  ])
  t.strictSame(statuses([...others, ...(await batch)]), { 200: 13 })
  const turnOf = (path: string) => fairness.calls.findIndex(({ target }) => target === path)
  t.strictSame([turnOf('/v3/header'), turnOf('/v3/listener')].sort(), [2, 3], 'the urgent ones are the next two')
  t.ok(turnOf('/v3/person') <= 5, 'and another client takes turns with the batch')
  fits(t, fairness, 2, 1000)
})

t.test('a call that cannot be served in time is told when to come back', { buffered: true }, async (t) => {
  t.jobs = 3
  const full = await startServiceChannel(t)
  const slow = await startServiceChannel(t)
  const left = await startServiceChannel(t)
  const [askFull, askSlow, askLeft] = await clientsOf(t, {
    queue: { maxCalls: 2, maxWaitSeconds: 3 },
    environments: {
      full: environmentOf(full, within(2, 2)),
      slow: environmentOf(slow, within(2, 5)),
      left: environmentOf(left, within(2, 2))
    }
  })

  t.test('because the queue is full', { buffered: true }, async (t) => {
    await times(2, () => askFull!())
    const waiting = times(2, () => askFull!())
    await pause(200)
    await refusedAndServed(t, askFull!, 'queue_full', 3)
    t.strictSame(statuses(await waiting), { 200: 2 }, 'those in the queue are served')
    t.equal(full.calls.length, 5, 'and the refused call was never sent')
  })

  t.test('because the wait would be too long', { buffered: true }, async (t) => {
    await times(2, () => askSlow!())
    await refusedAndServed(t, askSlow!, 'wait_too_long', 3)
    t.equal(slow.calls.length, 3, 'the refused call was never sent')
  })

  t.test('unless somebody in the queue leaves', { buffered: true }, async (t) => {
    await times(2, () => askLeft!())
    const leaving = new AbortController()
    const waiting = times(2, () => askLeft!({ signal: leaving.signal }).catch(() => 'left'))
    await pause(200)
    t.equal((await askLeft!()).status, 429)
    leaving.abort()
    await waiting
    await pause(100)
    t.equal((await askLeft!()).status, 200)
    t.equal(left.calls.length, 3)
  })
})

async function clientsOf(t: Test, settings: Parameters<typeof startProxy>[1]): Promise<Client[]> {
  const { ports } = await startProxy(t, settings)
  return ports.map((port) => createClient(t, port))
}

function fits(t: Test, { calls }: Pick<ServiceChannel, 'calls'>, most: number, windowMs: number): void {
  const fullest = fullestWindow(
    calls.map(({ at }) => at),
    windowMs
  )
  t.ok(fullest <= most, `no window of ${windowMs} ms carries more than ${most} calls; the fullest has ${fullest}`)
}

/** The round trip that one in four calls exceeds, in ms: those that had to connect first are among them. */
function slowest(answers: readonly Answer[]): number {
  const upstreamMs = ({ headers }: Answer) => Number(/upstream;dur=([\d.]+)/.exec(`${headers['server-timing']}`)?.[1])
  return answers.map(upstreamMs).sort((a, b) => b - a)[Math.floor(answers.length / 4)] ?? 0
}

function times<T>(count: number, act: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, act))
}

/** The next call is refused; one after the time that the refusal states is not. The time is no longer than it need be. */
async function refusedAndServed(t: Test, ask: Client, code: string, mostSeconds: number): Promise<void> {
  const askedAt = performance.now()
  const refused = await ask()
  t.ok(refused.at - askedAt < 1500, 'the refusal does not wait')
  t.match(
    { status: refused.status, headers: refused.headers, problem: problemOf(refused) },
    {
      status: 429,
      headers: { 'content-type': /^application\/problem\+json/, 'x-sc-proxy-error': code, 'retry-after': /^[1-9]\d*$/ },
      problem: { status: 429, code, type: String, title: String, detail: /\.$/, ErrorMessage: /\.$/ }
    }
  )
  const seconds = Number(refused.headers['retry-after'])
  t.ok(seconds <= mostSeconds, `it is told to come back in ${seconds} s`)
  await pause(seconds * 1000)
  t.equal((await ask()).status, 200, 'and served then')
}
