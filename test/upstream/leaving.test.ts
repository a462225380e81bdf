import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { json, startServiceChannel } from '../support/servicechannel.js'
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
  const waiting = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 20))
  leaving.abort()
  t.equal(await left, 'left')
  const waited = performance.now() - waiting
  await until(() => proxy.limiter.snapshot().waiting === 0)
  const next = fetch(`${proxy.url}/next`)
  held[0]?.end('ok')
  t.equal((await first).status, 200)
  t.equal((await next).status, 200)
  t.strictSame(
    servicechannel.arrivals.map(({ url }) => url),
    ['/first', '/next']
  )
  const record = proxy.records.find(({ path }) => path === '/left')
  t.match(record, { status: 499, problem: 'client_left', attempts: 0 })
  t.ok((record?.queueMs ?? 0) >= 15, 'its record says how long it has waited')
  t.ok((record?.queueMs ?? 0) <= (record?.totalMs ?? 0) && waited >= 15)
})

t.test(
  'a client that leaves during a login, or while all connections are busy, is recorded with that wait',
  async (t) => {
    const held: ServerResponse[] = []
    let logIn = () => {}
    const servicechannel = await startServiceChannel(t, {
      answer: (_request, response) => held.push(response),
      login: (_request, response) => {
        logIn = () => json(response, 200, { access_token: 'token', token_type: 'bearer', expires_in: 600 })
      }
    })
    const proxy = await startProxy(t, { environment: servicechannel, connections: 1 })
    const leave = async (path: string, isThere: () => boolean) => {
      const leaving = new AbortController()
      const left = fetch(`${proxy.url}${path}`, { signal: leaving.signal }).catch(() => {})
      await until(isThere)
      await new Promise((resolve) => setTimeout(resolve, 20))
      leaving.abort()
      await left
      await until(() => proxy.records.some((record) => record.path === path))
      return proxy.records.find((record) => record.path === path)
    }
    const duringLogin = await leave('/login', () => servicechannel.logins.length === 1)
    t.ok((duringLogin?.tokenMs ?? 0) >= 15, 'as time for the token')
    const busy = fetch(`${proxy.url}/busy`)
    logIn()
    await until(() => held.length === 1)
    const opened = proxy.open()
    const unconnected = await leave('/next', () => proxy.open() > opened)
    t.ok((unconnected?.queueMs ?? 0) >= 15, 'as time in the queue')
    for (const { queueMs, tokenMs, upstreamMs, totalMs } of proxy.records)
      t.match([queueMs, tokenMs, upstreamMs, totalMs].join(), /^(\d+(\.\d)?,?){4}$/, 'in tenths of a millisecond')
    held[0]?.end('ok')
    await busy
  }
)

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

t.test('a thousand clients that leave while they wait take no place and no memory with them', async (t) => {
  const held: ServerResponse[] = []
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => (request.url === '/first' ? held.push(response) : response.end('ok'))
  })
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, quota: { calls: 1, windowSeconds: 1 } },
    queue: { maxCalls: 1000, maxWaitSeconds: 86_400 },
    timeouts: { connectSeconds: 60, headersSeconds: 60, bodySeconds: 60, loginSeconds: 60 }
  })
  const first = fetch(`${proxy.url}/first`)
  await until(() => held.length === 1)

  const memory: number[] = []
  for (let round = 0; round < 3; round++) {
    const sockets = Array.from({ length: 1000 }, () => net.connect(proxy.port, '127.0.0.1'))
    for (const socket of sockets) socket.write('GET /left HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until(() => proxy.limiter.snapshot().waiting === 1000)
    for (const socket of sockets) socket.destroy()
    await until(() => proxy.records.length === 1000)
    t.ok(proxy.records.every(({ status, attempts }) => status === 499 && attempts === 0))
    t.match(proxy.limiter.snapshot(), { waiting: 0, application: { used: 1, inFlight: 1 } })
    proxy.records.length = 0
    proxy.lines.length = 0
    memory.push(await memoryInUse())
  }
  const growth = (memory[2] ?? 0) - (memory[0] ?? 0)
  t.ok(growth < 1_000_000, `two thousand more who left hold ${growth} bytes`)

  const next = fetch(`${proxy.url}/next`)
  await until(() => proxy.limiter.snapshot().waiting === 1)
  held[0]?.end('ok')
  t.equal((await first).status, 200)
  const answeredAt = performance.now()
  t.equal((await next).status, 200)
  t.ok(performance.now() - answeredAt < 3000, 'the next client has the first place that is free')
  t.strictSame(
    servicechannel.arrivals.map(({ url }) => url),
    ['/first', '/next'],
    'and the server has seen nothing of the others'
  )
})

t.test('an upload whose client leaves while it waits, most of it unread, is not sent', async (t) => {
  const held: ServerResponse[] = []
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => (request.url === '/first' ? held.push(response) : response.end('ok'))
  })
  const proxy = await startProxy(t, { environment: { ...servicechannel, quota: { calls: 1, windowSeconds: 1 } } })
  const first = fetch(`${proxy.url}/first`)
  await until(() => held.length === 1)

  const size = 8 * 1024 * 1024
  const leaver = net.connect(proxy.port, '127.0.0.1')
  leaver.write(`POST /left HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`)
  leaver.write(Buffer.alloc(size))
  await until(() => proxy.limiter.snapshot().waiting === 1)
  const body = randomBytes(size)
  const stayed = fetch(`${proxy.url}/stayed`, { method: 'POST', body })
  await until(() => proxy.limiter.snapshot().waiting === 2)
  leaver.destroy()
  held[0]?.end('ok')
  t.equal((await first).status, 200)
  const answeredAt = performance.now()
  t.equal((await stayed).status, 200)
  t.ok(performance.now() - answeredAt < 1900, 'its place goes to the next at once')
  t.strictSame(
    servicechannel.arrivals.map(({ url }) => url),
    ['/first', '/stayed']
  )
  t.equal(digest(servicechannel.arrivals[1]?.body), digest(body), 'and whoever stays arrives whole')
  t.match(
    proxy.records.find(({ path }) => path === '/left'),
    { status: 499, problem: 'client_left', attempts: 0 }
  )
})

/** Bytes in use after everything that nobody holds is gone. */
async function memoryInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let n = 0; n < 3; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function digest(bytes: Buffer | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex')
}
