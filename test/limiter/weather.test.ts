import t from 'tap'
import type { Counting, Says } from './server-limits.js'
import { type Arrival, type Forecast, incidentsOf, type Season, seeded, simulate } from './simulation.js'
import { useClock } from './world.js'

const sandbox = { calls: 40, windowMs: 60_000 }
const production = { calls: 300, windowMs: 60_000 }
const minutes = (n: number) => n * 60_000

const near = (random: () => number) => 50 + 100 * random()
/** Up to 5 s there and back. */
const far = (random: () => number) => 2500 * random()

/** A server that admits half of what it states, told by every refusal as ServiceChannel does. */
const half: Season = {
  counting: 'rolling',
  stated: sandbox,
  real: () => 20,
  says: 'date',
  status: 429,
  skewMs: 0,
  advises: 0,
  latencyMs: near,
  callers: 60,
  windows: 15
}
const fair: Season = { ...half, real: () => 40 }

const table: string[] = []
const columns = [1, 2, 3, 5, 10, 15, 40]

/** Plays a season and writes its line of the table. */
async function play(t: Parameters<typeof useClock>[0], name: string, season: Season, seed = 42) {
  const world = useClock(t)
  const forecast = await simulate(world, season, seed)
  world.clock.uninstall()
  const { arrivals, limits, companyLimits } = forecast
  const incidents = incidentsOf(arrivals)
  const admitted = arrivals.filter((arrival) => arrival.admitted).length
  const utilisation = admitted / possible(season)
  const shown = season.company ? companyLimits : limits
  table.push(
    [
      name.padEnd(44),
      columns.map((n) => String(shown[n - 1] ?? '').padStart(4)).join(''),
      String(arrivals.length - admitted).padStart(9),
      String(incidents.length).padStart(10),
      String(incidents[0] ?? 0).padStart(6),
      String(Math.max(0, ...incidents)).padStart(6),
      `${Math.round(100 * utilisation)} %`.padStart(7)
    ].join('')
  )
  t.equal(departuresInRests(arrivals), 0, `${name}: nothing departs while the server wants rest`)
  return { ...forecast, incidents, utilisation }
}

/** How many calls the server would have admitted in all. */
function possible({ windows, stated, real, company, clientIds = ['one'] }: Season): number {
  let calls = 0
  for (let n = 0; n < windows; n++) {
    const at = (n + 0.5) * stated.windowMs
    calls += Math.min(real(at) * clientIds.length, company?.(at) ?? Number.POSITIVE_INFINITY)
  }
  return calls
}

/** Calls that left after their client id had been told to rest, and before the rest was over. */
function departuresInRests(arrivals: readonly Arrival[]): number {
  const rests = arrivals.filter(({ restUntil }) => restUntil !== undefined)
  return arrivals.filter(({ clientId, departedAt }) =>
    rests.some((rest) => rest.clientId === clientId && departedAt > rest.answeredAt && departedAt < rest.restUntil!)
  ).length
}

function served({ served }: Forecast, from: number, to: number): number {
  return served.filter((at) => at >= from && at < to).length
}

t.test('a server that admits half of what it states is found out by one refused call', async (t) => {
  const countings: Counting[] = ['rolling', 'fixed phase', 'refusals count']
  for (const counting of countings) {
    const { incidents, limits, utilisation, refused } = await play(t, `half, ${counting}`, { ...half, counting })
    t.equal(incidents[0], 1, 'the first step costs one refused call')
    t.ok(Math.max(...incidents) <= 4, `no step costs more than a raise: ${incidents}`)
    t.ok(incidents.length <= 6, 'and the steps become rare')
    t.ok(limits.slice(1).every((limit) => limit >= 18 && limit <= 24))
    t.ok(utilisation >= 0.9, `${utilisation}`)
    t.strictSame(refused, [], 'no client sees any of it')
  }
  const { incidents, utilisation } = await play(t, 'half of production', {
    ...half,
    stated: production,
    real: () => 150,
    callers: 400,
    windows: 6
  })
  t.equal(incidents[0], 1)
  t.ok(utilisation >= 0.9)
})

t.test('whatever a refusal says about the time to come back, and by whatever clock', async (t) => {
  const forms: [string, Partial<Season>][] = [
    ['seconds, 503', { says: 'seconds', status: 503 }],
    ['no time, refusals count', { says: 'nothing', counting: 'refusals count' }],
    ['the past, refusals count', { says: 'the past', counting: 'refusals count' }],
    ['clock 10 min ahead', { skewMs: minutes(10) }],
    ['clock 10 min behind, 503', { skewMs: -minutes(10), status: 503 }]
  ]
  for (const [name, form] of forms) {
    const { incidents, limits, utilisation, refused } = await play(t, `half, ${name}`, { ...half, ...form })
    t.equal(incidents[0], 1)
    t.ok(limits.slice(1).every((limit) => limit >= 18 && limit <= 24))
    t.ok(utilisation >= 0.9, `${utilisation}`)
    t.strictSame(refused, [])
  }
})

t.test('latencies of up to 10 seconds cost a few refused calls more, and little of the quota', async (t) => {
  const good = await play(t, 'fair, answers take up to 5 s', { ...fair, latencyMs: far })
  t.same(good.incidents, [])
  t.ok(good.utilisation >= 0.9, `${good.utilisation}`)
  const bad = await play(t, 'half, answers take up to 5 s', { ...half, latencyMs: far })
  t.ok(bad.incidents[0]! <= 3 && Math.max(...bad.incidents) <= 4, `${bad.incidents}`)
  t.ok(bad.utilisation >= 0.9, `${bad.utilisation}`)
})

t.test('in good weather nothing is refused, and a burst of six windows uses nine tenths of the quota', async (t) => {
  for (const [name, stated, callers] of [
    ['fair', sandbox, 60],
    ['fair production', production, 400]
  ] as const) {
    const season = { ...fair, stated, real: () => stated.calls, callers, windows: 7 }
    const { incidents, utilisation, served } = await play(t, name, season)
    t.same(incidents, [])
    t.ok(utilisation >= 0.95, `${utilisation}`)
    const sixWindows = served[6 * stated.calls - 1]! - served[0]!
    t.ok((5 * stated.windowMs) / sixWindows >= 0.9, `${sixWindows} ms`)
  }
  const { incidents, utilisation } = await play(t, 'fair, advice on every 20th answer', { ...fair, advises: 0.05 })
  t.same(incidents, [], 'advice on a good answer is heeded, and teaches nothing')
  t.ok(utilisation >= 0.9, `${utilisation}`)
})

t.test('a quota that falls is followed, and when it is back it is used again', async (t) => {
  const real = (at: number) => (at > minutes(6) && at < minutes(14) ? 20 : 40)
  const { limits, incidents, refused } = await play(t, 'falls after 6 windows, back after 14', {
    ...half,
    real,
    windows: 40
  })
  t.equal(limits[5], 40)
  t.ok(
    limits.slice(8, 14).every((limit) => limit <= 24),
    `${limits}`
  )
  t.equal(limits.at(-1), 40, `${limits}`)
  t.ok(incidents.length <= 6)
  t.strictSame(refused, [])
})

t.test('a quota of the company that somebody else eats is followed up and down', async (t) => {
  for (const counting of ['rolling', 'refusals count'] as const) {
    const somebody = seeded(7)
    const eaten = Array.from({ length: 40 }, () => Math.round(60 * somebody()))
    const { incidents, utilisation, refused, arrivals } = await play(t, `company eaten at random, ${counting}`, {
      ...fair,
      counting,
      clientIds: ['one', 'two'],
      company: (at) => 80 - (eaten[Math.floor(at / minutes(2))] ?? 0)
    })
    t.ok(Math.max(...incidents.slice(0, 2)) <= 12, `a burst that was good before costs some: ${incidents}`)
    t.ok(Math.max(...incidents.slice(2)) <= 3, `every later step about one: ${incidents}`)
    t.ok(incidents.length <= 12, `${incidents}`)
    t.ok(utilisation >= 0.6, `${utilisation}`)
    t.strictSame(refused, [])
    const ones = arrivals.filter(({ clientId, admitted }) => clientId === 'one' && admitted).length
    const share = ones / arrivals.filter(({ admitted }) => admitted).length
    t.ok(share > 0.4 && share < 0.6, `both client ids have their share: ${share}`)
  }
})

t.test('probes that are refused do not themselves keep the window full', async (t) => {
  const season: Season = {
    ...half,
    counting: 'refusals count',
    says: 'the past',
    usedBefore: 20,
    callers: 1,
    windows: 12
  }
  const forecast = await play(t, 'used up by another, refusals count, the past', season)
  t.ok(served(forecast, minutes(4), minutes(5)) > 0, 'the first call gets through within a few windows')
  t.ok(forecast.incidents.length <= 12, `${forecast.incidents}`)
})

t.test('an hour of rest is an hour without a call, and who cannot wait is told at once', async (t) => {
  const season: Season = { ...half, says: 'an hour', windows: 70, maxWaitMs: minutes(2) }
  const forecast = await play(t, 'half, an hour of rest', season)
  const { arrivals, refused } = forecast
  const first = arrivals.find(({ admitted }) => !admitted)!
  const resting = arrivals.filter(({ at }) => at > first.answeredAt && at < first.answeredAt + minutes(60))
  t.equal(resting.length, 0)
  const told = refused.filter(({ at }) => at === first.answeredAt)
  t.equal(told.length, 60, 'those who waited, and the refused call itself, in the same moment')
  t.ok(told.every(({ code, retryAfter }) => code === 'wait_too_long' && retryAfter >= 3480 && retryAfter <= 3602))
  for (const window of [3480, 3541]) {
    const together = told.filter(({ retryAfter }) => retryAfter >= window && retryAfter < window + 60)
    t.ok(together.length <= 21, 'no more are asked back at a time than a window admits, and the refused call')
  }
  t.ok(served(forecast, minutes(60), minutes(70)) > 20, 'after the hour the calls are served')
})

t.test('in any weather calls are served and no window carries more than the quota', async (t) => {
  const random = seeded(2026)
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!
  for (let n = 0; n < 12; n++) {
    const real = pick([1, 7, 20, 33, 40])
    const counting = pick<Counting>(['rolling', 'fixed phase', 'refusals count'])
    const says = pick<Says>(['date', 'seconds', 'nothing', 'the past'])
    const season: Season = {
      ...half,
      counting,
      says,
      real: () => real,
      status: pick([429, 503] as const),
      skewMs: pick([-minutes(10), 0, minutes(10)]),
      advises: pick([0, 0.05]),
      latencyMs: pick([near, far]),
      usedBefore: pick([0, 0, 40]),
      windows: 15
    }
    const world = useClock(t)
    const forecast = await simulate(world, season, 1 + n)
    world.clock.uninstall()
    const { arrivals } = forecast
    const name = `${real} real, ${counting}, says ${says}, seed ${1 + n}`
    t.ok(served(forecast, minutes(10), minutes(15)) > 0, `${name}: calls are served`)
    t.equal(departuresInRests(arrivals), 0, `${name}: rests are kept`)
    const fullest = arrivals.reduce((most, { at }, i) => {
      let first = i
      while (first > 0 && at - arrivals[first - 1]!.at < sandbox.windowMs) first--
      return Math.max(most, i - first + 1)
    }, 0)
    t.ok(fullest <= sandbox.calls, `${name}: no window carries more than ${sandbox.calls}`)
  }
})

t.teardown(() => {
  const head = `${'limit in force after minute'.padEnd(44)}${columns.map((n) => String(n).padStart(4)).join('')}`
  t.comment(`${head}  refused incidents first worst  used`)
  for (const line of table) t.comment(line)
})
