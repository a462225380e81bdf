import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { json } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { type Detail, startInspected } from './inspected.js'

t.test('a call is kept with what was sent and what came back', async (t) => {
  const { url, get } = await startInspected(t, {
    answer: (_request, response) => json(response, 201, { id: 9007199254740993n.toString() }, { 'x-odd': 'yes' })
  })
  const answer = await fetch(`${url}/v3/workorders?x=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'robin/1.0' },
    body: '{"Nte": 250.0}'
  })
  await answer.text()
  const { calls } = await get<{ calls: Detail[] }>('/api/calls')
  t.match(calls, [{ id: 1, method: 'POST', path: '/v3/workorders', status: 201, environment: 'mine', client: 'robin' }])
  t.equal(calls[0]?.requestId, answer.headers.get('x-request-id'))
  const call = await get<Detail>('/api/calls/1')
  t.equal(call.target, '/v3/workorders?x=1')
  t.match(call.request.body, { text: '{"Nte": 250.0}', size: 14, clipped: false })
  t.match(call.response.body, { text: '{"id":"9007199254740993"}', clipped: false })
  t.match(
    call.response.headers.find(({ name }) => name === 'x-odd'),
    { value: 'yes' }
  )
})

t.test('a call is listed while it is under way', async (t) => {
  let finish: (() => void) | undefined
  const { url, get } = await startInspected(t, {
    answer: (_request, response) => {
      finish = () => json(response, 200, {})
    }
  })
  const answer = fetch(`${url}/v3/users`)
  const list = () => get<{ calls: Detail[] }>('/api/calls')
  await until(async () => (await list()).calls.length === 1)
  t.match((await list()).calls, [{ isOpen: true, path: '/v3/users' }])
  await until(() => finish !== undefined)
  finish?.()
  await (await answer).text()
  await until(async () => (await list()).calls[0]?.isOpen === false)
})

t.test('long bodies are clipped, and say so', async (t) => {
  const { url, get } = await startInspected(t, {
    inspector: { maxBodyKilobytes: 1 },
    answer: (_request, response) => json(response, 200, 'x'.repeat(50_000))
  })
  const answer = await fetch(`${url}/v3/a`, { method: 'POST', body: 'y'.repeat(3000) })
  t.equal((await answer.text()).length, 50_002)
  const { request, response } = await get<Detail>('/api/calls/1')
  t.match(request.body, { size: 3000, kept: 1024, clipped: true })
  t.match(response.body, { size: 50_002, kept: 1024, clipped: true })
})

t.test('compressed answers are shown as text, binary ones in base64', async (t) => {
  const noise = randomBytes(500)
  const { url, get } = await startInspected(t, {
    answer(request, response) {
      if (request.url === '/zip') {
        response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
        response.end(gzipSync(`password=CANARY ${'a'.repeat(1_000_000)}`))
      } else if (request.url !== '/noise') {
        const coding = request.url?.slice(1)
        response.writeHead(200, { 'content-encoding': coding }).end(Buffer.from('neither'))
      } else response.writeHead(200, { 'content-type': 'image/png' }).end(noise)
    }
  })
  for (const path of ['/zip', '/noise', '/br', '/zstd'])
    await (await fetch(`${url}${path}`)).arrayBuffer().catch(() => undefined)
  await until(async () => (await get<{ calls: Detail[] }>('/api/calls')).calls.every(({ isOpen }) => !isOpen))
  const zip = (await get<Detail>('/api/calls/1')).response.body
  const start = 'password=[hidden] '
  t.match(zip, { clipped: true, hidden: 1 })
  t.equal(zip.text, `${start}${'a'.repeat(65536 - 'password=CANARY '.length)}`)
  t.equal((await get<Detail>('/api/calls/2')).response.body.base64, noise.toString('base64'))
  t.match((await get<Detail>('/api/calls/3')).response.body, { kept: 0, note: /cannot be decompressed/ })
  t.match((await get<Detail>('/api/calls/4')).response.body, { kept: 0, note: /it is in the coding zstd/ })
  t.match(await get('/api/calls?text=CANARY'), { calls: [] })
})

t.test('the recorder stays within its calls and its bytes', async (t) => {
  const { url, get } = await startInspected(t, { inspector: { maxCalls: 5, maxMegabytes: 1, maxBodyKilobytes: 1024 } })
  for (let i = 0; i < 8; i++) await (await fetch(`${url}/v3/a?i=${i}`)).text()
  const list = () => get<{ calls: Detail[]; recording: { bytes: number; dropped: number } }>('/api/calls')
  t.strictSame(
    (await list()).calls.map(({ id }) => id),
    [4, 5, 6, 7, 8]
  )
  for (let i = 0; i < 4; i++) await (await fetch(`${url}/big`, { method: 'POST', body: Buffer.alloc(400_000) })).text()
  const { calls, recording } = await list()
  t.ok(recording.bytes <= 1024 * 1024, `${recording.bytes} bytes`)
  t.ok(calls.length < 4 && calls.at(-1)?.id === 12, 'the newest are kept')
})

t.test('nothing is recorded when it is turned off, or paused', async (t) => {
  const off = await startInspected(t, { inspector: { enabled: false } })
  await (await fetch(`${off.url}/v3/a`)).text()
  t.strictSame(await off.get('/api/calls'), { recording: { enabled: false }, calls: [] })

  const paused = await startInspected(t)
  const headers = { 'content-type': 'application/json' }
  t.equal((await paused.ask('/api/recording', { method: 'POST', headers, body: '{"paused":true}' })).status, 200)
  await (await fetch(`${paused.url}/v3/a`)).text()
  t.match(await paused.get('/api/calls'), { recording: { enabled: true, paused: true }, calls: [] })
  await paused.ask('/api/recording', { method: 'POST', headers, body: '{"paused":false}' })
  await (await fetch(`${paused.url}/v3/a`)).text()
  t.equal((await paused.get<{ calls: unknown[] }>('/api/calls')).calls.length, 1)
  t.equal((await paused.ask('/api/clear', { method: 'POST' })).status, 204)
  t.equal((await paused.get<{ calls: unknown[] }>('/api/calls')).calls.length, 0)
})

t.test('text is found in targets, headers and bodies', async (t) => {
  const { url, get } = await startInspected(t)
  await (await fetch(`${url}/v3/a`, { method: 'POST', body: 'a Leaking roof' })).text()
  await (await fetch(`${url}/v3/b?roof=no`)).text()
  await (await fetch(`${url}/v3/c`)).text()
  const found = async (text: string) =>
    (await get<{ calls: Detail[] }>(`/api/calls?text=${text}`)).calls.map(({ path }) => path)
  t.strictSame(await found('leaking'), ['/v3/a'])
  t.strictSame(await found('ROOF'), ['/v3/a', '/v3/b'])
})
