import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

t.test('a client that leaves while it waits is never sent, and its place goes to the next', async (t) => {
  const held: ServerResponse[] = []
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => (request.url === '/first' ? held.push(response) : response.end('ok'))
  })
  const proxy = await startProxy(t, { environment: { ...servicechannel, quota: { calls: 1, windowSeconds: 1 } } })
  const first = fetch(`${proxy.url}/first`)
  await until(() => held.length === 1)
  const leaving = new AbortController()
  const left = fetch(`${proxy.url}/left`, { signal: leaving.signal }).catch(() => 'left')
  await until(() => proxy.limiter.snapshot().waiting === 1)
  leaving.abort()
  t.equal(await left, 'left')
  await until(() => proxy.limiter.snapshot().waiting === 0)
  const next = fetch(`${proxy.url}/next`)
  held[0]?.end('ok')
  t.equal((await first).status, 200)
  t.equal((await next).status, 200)
  t.strictSame(
    servicechannel.arrivals.map(({ url }) => url),
    ['/first', '/next']
  )
  t.match(
    proxy.records.find(({ path }) => path === '/left'),
    { status: 499, problem: 'client_left', attempts: 0 }
  )
})

t.test('a call whose time runs out in the queue is told how long it has waited', async (t) => {
  let arrived = 0
  const servicechannel = await startServiceChannel(t, { answer: () => arrived++ })
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, quota: { calls: 1, windowSeconds: 0.1 } },
    queue: { maxCalls: 10, maxWaitSeconds: 0.9 }
  })
  const leaving = new AbortController()
  const held = fetch(`${proxy.url}/held`, { signal: leaving.signal }).catch(() => 'left')
  await until(() => arrived === 1)
  const late = await fetch(`${proxy.url}/late`)
  t.equal(late.status, 429)
  t.match(late.headers.get('server-timing'), /^queue;dur=\d{3,}\./)
  t.match(await late.json(), { code: 'wait_too_long', detail: /^This call has waited for 1 s, as long as it may, / })
  leaving.abort()
  await held
})

t.test('a client that leaves while its call is out takes the call with it', async (t) => {
  let open: ServerResponse | undefined
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) => {
      open = response
    }
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const leaving = new AbortController()
  const left = fetch(`${proxy.url}/v3/slow`, { signal: leaving.signal }).catch(() => 'left')
  await until(() => open !== undefined)
  const closed = once(open as ServerResponse, 'close')
  leaving.abort()
  await closed
  t.equal(await left, 'left')
  t.notOk(open?.writableFinished)
  await until(() => proxy.records.length === 1)
  t.match(proxy.records[0], { status: 499, problem: 'client_left', attempts: 1 })
})

t.test('a client that leaves takes the calls it has pipelined with it', async (t) => {
  const servicechannel = await startServiceChannel(t, { answer: () => {} })
  const proxy = await startProxy(t, { environment: { ...servicechannel, quota: { calls: 1, windowSeconds: 20 } } })
  const socket = net.connect(proxy.port, '127.0.0.1')
  socket.write(
    ['/first', '/second', '/third'].map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('')
  )
  await until(() => proxy.limiter.snapshot().waiting === 2 && servicechannel.arrivals.length === 1)
  socket.destroy()
  await until(() => proxy.records.length === 3)
  t.equal(proxy.limiter.snapshot().waiting, 0)
  t.ok(proxy.records.every(({ status, problem }) => status === 499 && problem === 'client_left'))
})

t.test('a client that leaves in the middle of its upload, or of its answer, leaves nothing behind', async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) => response.writeHead(200).write('x'.repeat(100_000))
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const socket = net.connect(proxy.port, '127.0.0.1')
  socket.write('POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nonly this')
  await until(() => proxy.open() === 1)
  socket.destroy()
  await until(() => proxy.records.length === 1)
  t.match(
    proxy.records[0],
    { path: '/upload', status: 499, attempts: 0 },
    'an upload that never came whole is not sent'
  )

  const leaving = new AbortController()
  const answer = await fetch(`${proxy.url}/download`, { signal: leaving.signal })
  t.equal(answer.status, 200)
  leaving.abort()
  await until(() => proxy.records.length === 2)
  t.match(proxy.records[1], { path: '/download', problem: 'client_left' })
  t.equal(proxy.lines.filter((line) => line.includes('does not know')).length, 0, 'nothing of this is an error of ours')
})
