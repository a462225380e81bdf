import t from 'tap'
import { handClock, visit } from './visitor.js'

const refusal = { ErrorCodes: [504], ErrorCode: 504, ErrorMessage: 'API call rejected by security permissions' }

t.test('a missing, malformed or unknown token is 401 with code 504', async (t) => {
  const { emulator, ask } = await visit(t)
  for (const authorization of ['', 'Bearer', 'Bearer made-up', 'Basic YTpi']) {
    const answer = await ask(`${emulator.apiUrl}/v3/trades`, { headers: authorization ? { authorization } : {} })
    t.equal(answer.status, 401)
    t.same(answer.json(), refusal)
    t.notOk(answer.headers['www-authenticate'])
  }
})

t.test('a token works until its life is over, and then looks like a missing permission', async (t) => {
  const clock = handClock()
  const { caller } = await visit(t, { now: clock.now, login: { tokenLifeSeconds: 12 } })
  const call = await caller()
  clock.advance(11_999)
  t.equal((await call('/v3/trades')).status, 200)
  clock.advance(1)
  const answer = await call('/v3/trades')
  t.equal(answer.status, 401)
  t.same(answer.json(), refusal)
})

t.test('a newer login leaves older tokens alone', async (t) => {
  const { caller } = await visit(t, { login: { spacingSeconds: 0 } })
  const [older, newer] = [await caller(), await caller()]
  t.same([(await older('/v3/trades')).status, (await newer('/v3/trades')).status], [200, 200])
})

t.test('routes the user has no right to are refused however they are written', async (t) => {
  const { caller } = await visit(t, { api: { deniedRoutes: ['GET /odata/users', 'PUT /workorders/*/status'] } })
  const call = await caller()
  for (const path of ['/v3/odata/users', '/odata/users?$top=1', '/v3/OData/Users']) {
    const answer = await call(path)
    t.equal(answer.status, 401, path)
    t.same(answer.json(), refusal)
  }
  t.equal((await call('/v3/workorders/270000001/status', { method: 'PUT', body: '{}' })).status, 401)
  t.equal((await call('/v3/workorders/270000001')).status, 200)
})
