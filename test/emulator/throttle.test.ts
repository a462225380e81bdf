import t from 'tap'
import { handClock, visit } from './visitor.js'

const roomy = { calls: 1000, windowSeconds: 60, window: 'rolling' } as const

t.test('a throttled call gets the documented body and an HTTP date in Retry-After', async (t) => {
  const clock = handClock(Date.UTC(2026, 4, 4, 15, 0, 0, 250))
  const quota = { calls: 300, windowSeconds: 60, enforcedCalls: 2, window: 'rolling' } as const
  const { caller } = await visit(t, { now: clock.now, api: { quota } })
  const call = await caller()
  await call('/v3/trades')
  await call('/v3/trades')
  const answer = await call('/v3/trades')
  t.equal(answer.status, 429)
  t.equal(
    answer.text,
    '{"Reason": "Request has been throttled. Your current Application limit is [300] per [1] minute"}'
  )
  t.equal(answer.headers['retry-after'], 'Mon, 04 May 2026 15:01:01 GMT', 'rounded up to the full second')
  t.equal(answer.headers.date, 'Mon, 04 May 2026 15:00:00 GMT', 'by the same clock')
})

t.test('a rolling window frees each place one window after its call', async (t) => {
  const clock = handClock()
  const { caller } = await visit(t, { now: clock.now, api: { quota: { ...roomy, calls: 2 } } })
  const call = await caller()
  const status = async () => (await call('/v3/trades')).status
  t.equal(await status(), 200)
  clock.advance(50_000)
  t.equal(await status(), 200)
  clock.advance(9_999)
  t.equal(await status(), 429)
  clock.advance(1)
  t.equal(await status(), 200, 'the first call has left the window')
  t.equal(await status(), 429, 'the second has not')
  clock.advance(50_000)
  t.equal(await status(), 200, 'rejected calls took no place')
})

t.test('a fixed window starts with its first call and ends as a whole', async (t) => {
  const clock = handClock()
  const { caller } = await visit(t, { now: clock.now, api: { quota: { ...roomy, calls: 2, window: 'fixed' } } })
  const call = await caller()
  const status = async () => (await call('/v3/trades')).status
  t.equal(await status(), 200)
  clock.advance(59_999)
  t.equal(await status(), 200)
  t.equal(await status(), 429)
  clock.advance(1)
  t.same([await status(), await status(), await status()], [200, 200, 429])
})

t.test('where rejected calls count, trying on makes the wait longer', async (t) => {
  const clock = handClock()
  const quota = { ...roomy, calls: 2, window: 'rolling-counting-rejected' } as const
  const { caller } = await visit(t, { now: clock.now, api: { quota } })
  const call = await caller()
  const status = async () => (await call('/v3/trades')).status
  t.same([await status(), await status()], [200, 200])
  clock.advance(40_000)
  t.same([await status(), await status()], [429, 429])
  clock.advance(20_000)
  t.equal(await status(), 429, 'the two rejected calls fill the window now')
  clock.advance(60_000)
  t.equal(await status(), 200)
})

t.test('the company limit is shared by the clients of one company and says so', async (t) => {
  const users = (username: string) => [{ username, password: 'p' }]
  const clients = [
    { clientId: 'SB.2014900001.A', clientSecret: 'A', users: users('ann') },
    { clientId: 'SB.2014900001.B', clientSecret: 'B', users: users('ben') },
    { clientId: 'PR.2015800009.C', clientSecret: 'C', users: users('cleo') }
  ]
  const api = { quota: { ...roomy, calls: 2 }, companyQuota: { ...roomy, calls: 3 }, throttleStatus: 503 } as const
  const { ask, emulator, requestToken } = await visit(t, { clients, api })
  const status = async (clientSecret: string, username: string) => {
    const clientId = clients.find((client) => client.clientSecret === clientSecret)?.clientId ?? ''
    const token = await requestToken(
      { grant_type: 'password', username, password: 'p', client_id: clientId, client_secret: clientSecret },
      ''
    )
    const headers = { authorization: `Bearer ${token.json<{ access_token: string }>().access_token}` }
    return () => ask(`${emulator.apiUrl}/v3/trades`, { headers })
  }
  const [ann, ben, cleo] = [await status('A', 'ann'), await status('B', 'ben'), await status('C', 'cleo')]
  t.same([(await ann()).status, (await ann()).status], [200, 200])
  t.match(await ann(), { status: 503, text: /Your current Application limit is \[2\] per \[1\] minute/ })
  t.equal((await ben()).status, 200)
  t.match(await ben(), { status: 503, text: /Your current Company limit is \[3\] per \[1\] minute/ })
  t.equal((await cleo()).status, 200)
})

t.test('a successful answer may carry a Retry-After as advice', async (t) => {
  const clock = handClock()
  const { caller } = await visit(t, { now: clock.now, api: { pacing: { share: 1, seconds: 2 } } })
  const answer = await (await caller())('/v3/trades')
  t.match(answer, { status: 200, headers: { 'retry-after': 'Mon, 04 May 2026 15:00:03 GMT' } })
})
