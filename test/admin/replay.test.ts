import t from 'tap'
import { until } from '../support/until.js'
import { type Detail, startInspected } from './inspected.js'

const asJson = { 'content-type': 'application/json' }

t.test('a call is sent again as it was, through the limiter, and marked', async (t) => {
  const { url, ask, get, service } = await startInspected(t)
  const sent = { 'content-type': 'text/x-odd', 'x-twice': 'one', authorization: 'Bearer mine' }
  await (await fetch(`${url}/v3/a?x=%2F`, { method: 'POST', headers: sent, body: 'caf\u00e9' })).text()
  const answer = await ask('/api/calls/1/replay', { method: 'POST' })
  t.equal(answer.status, 202)
  t.strictSame(await answer.json(), { id: 2 })
  await until(async () => !(await get<Detail>('/api/calls/2')).isOpen)
  t.match(await get('/api/calls/2'), {
    replayOf: 1,
    status: 200,
    target: '/v3/a?x=%2F',
    request: { body: { text: 'caf\u00e9' } }
  })
  const [first, second] = service.arrivals
  t.equal(second?.url, first?.url)
  t.equal(second?.body.toString(), 'caf\u00e9')
  t.match(second?.headers, { 'content-type': 'text/x-odd', 'x-twice': 'one', authorization: 'Bearer token-1' })
  t.match(
    await get('/api/quota'),
    { environments: [{ application: { used: 2 } }] },
    'it has used a place like any other'
  )
})

t.test('a call is sent again with edits', async (t) => {
  const { url, ask, service } = await startInspected(t)
  await (await fetch(`${url}/v3/a`)).text()
  const headers = [{ name: 'x-new', value: 'yes' }]
  const body = JSON.stringify({ method: 'PUT', target: '/v3/b', headers, body: '{"a":1}' })
  t.equal((await ask('/api/calls/1/replay', { method: 'POST', headers: asJson, body })).status, 202)
  await until(() => service.arrivals[1]?.body.length === 7)
  t.match(service.arrivals[1], { method: 'PUT', url: '/v3/b', headers: { 'x-new': 'yes' } })
})

t.test('what is not there whole is not sent again', async (t) => {
  const { url, ask, service } = await startInspected(t, { inspector: { maxBodyKilobytes: 1 } })
  const post = async (body: string) => void (await (await fetch(`${url}/v3/a`, { method: 'POST', body })).text())
  await post('x'.repeat(2000))
  await post('{"password":"secret-thing"}')
  await (await fetch(`${url}/v3/a?token=secret-thing`)).text()
  for (const id of [1, 2, 3]) {
    const answer = await ask(`/api/calls/${id}/replay`, { method: 'POST' })
    t.equal(answer.status, 409, `${id}: ${await answer.text()}`)
  }
  for (const edits of [
    { method: 'A B' },
    { target: 'http://evil.example/' },
    { headers: [{ name: 'a', value: 'b\r\nc' }] }
  ]) {
    const answer = await ask('/api/calls/1/replay', {
      method: 'POST',
      headers: asJson,
      body: JSON.stringify({ body: '', ...edits })
    })
    t.equal(answer.status, 409)
  }
  t.equal(service.arrivals.length, 3)
})

t.test('a read-only listener refuses a replay as it refuses the call, and its client key is shown', async (t) => {
  const { url, ask, get, service } = await startInspected(t, {
    settings: { readOnly: true, clientKey: 'CANARY-client-key' }
  })
  t.equal((await fetch(`${url}/v3/a`)).status, 403)
  await (await fetch(`${url}/v3/a`, { headers: { 'x-sc-proxy-key': 'CANARY-client-key' } })).text()
  await ask('/api/calls/2/replay', { method: 'POST' })
  await until(async () => !(await get<Detail>('/api/calls/3')).isOpen)
  t.match(await get('/api/calls/3'), { status: 200, replayOf: 2 })
  const body = JSON.stringify({ method: 'DELETE' })
  await ask('/api/calls/2/replay', { method: 'POST', headers: asJson, body })
  await until(async () => !(await get<Detail>('/api/calls/4')).isOpen)
  t.match(await get('/api/calls/4'), { status: 403, problem: 'read_only' })
  t.equal(service.arrivals.length, 2)
  t.notMatch(await (await ask('/api/har')).text(), /CANARY/)
})
