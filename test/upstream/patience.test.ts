import type { ServerResponse } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import t from 'tap'
import { startFullHouse } from '../support/full-house.js'
import { startLine } from '../support/line.js'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

// Most of this is waiting, so they wait together.
t.jobs = 4
const buffered = true

const patient = { connectSeconds: 5, headersSeconds: 5, bodySeconds: 5, loginSeconds: 5 }
const unsent = (reason: RegExp) => ({
  status: 504,
  code: 'upstream_timeout',
  detail: new RegExp(`${reason.source}.*Nothing was sent`)
})

t.test('whoever cannot be connected to is given up in time, and nothing was sent', { buffered }, async (t) => {
  const { ca, loginUrl } = await startServiceChannel(t)
  const mute = net.createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  await until(() => mute.listening)
  t.teardown(() => mute.close())
  const ports: Record<string, number> = { 'a TLS handshake that hangs': (mute.address() as AddressInfo).port }
  if (process.platform !== 'win32') ports['a connection nobody accepts'] = await startFullHouse(t)
  for (const [name, port] of Object.entries(ports)) {
    const proxy = await startProxy(t, {
      environment: { apiUrl: `https://localhost:${port}`, loginUrl, ca },
      timeouts: { ...patient, connectSeconds: 1 }
    })
    const answer = await fetch(`${proxy.url}/v3/x`, { method: 'POST', body: 'x' })
    t.match(await answer.json(), unsent(/did not accept a connection in time/), name)
    t.equal(proxy.records[0]?.attempts, 2, 'two attempts, and no more')
  }
})

t.test('a name server that never answers ends like that, too', { buffered }, async (t) => {
  const { ca, loginUrl } = await startServiceChannel(t)
  const proxy = await startProxy(t, {
    environment: { apiUrl: 'https://api.example', loginUrl, ca },
    timeouts: { ...patient, connectSeconds: 1 },
    ports: {
      lookup: (name, _options, callback) =>
        name === 'localhost' && callback(null, [{ address: '127.0.0.1', family: 4 }])
    }
  })
  t.match(await (await fetch(`${proxy.url}/v3/x`)).json(), unsent(/did not accept a connection in time/))
})

t.test('an answer that does not begin is waited for once, whatever the method', { buffered }, async (t) => {
  const servicechannel = await startServiceChannel(t, { answer: () => {} })
  const proxy = await startProxy(t, { environment: servicechannel, timeouts: { ...patient, headersSeconds: 1 } })
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`${proxy.url}/v3/x`, { method })
    t.match(await answer.json(), { status: 504, code: 'upstream_timeout', detail: /may or may not have been/ }, method)
  }
  t.equal(servicechannel.arrivals.length, 2, 'a slow report is not asked for a second time')
})

t.test('a connection that has gone dead costs one call, and the next has a new one', { buffered }, async (t) => {
  const servicechannel = await startServiceChannel(t)
  const line = await startLine(t, servicechannel.apiUrl)
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, apiUrl: `https://localhost:${line.port}` },
    timeouts: { ...patient, headersSeconds: 1 }
  })
  const ask = async () => (await fetch(`${proxy.url}/v3/x`, { method: 'POST' })).status
  t.equal(await ask(), 200)
  line.vanish()
  t.equal(await ask(), 504)
  t.equal(await ask(), 200)
  t.equal(line.accepted(), 2)
  t.equal(servicechannel.arrivals.length, 2)
})

t.test('a reader slower than the time-out for the body is not cut off', { buffered }, async (t) => {
  const size = 16 * 1024 * 1024
  const servicechannel = await startServiceChannel(t, { answer: (_q, response) => response.end(Buffer.alloc(size)) })
  const proxy = await startProxy(t, { environment: servicechannel, timeouts: { ...patient, bodySeconds: 1 } })
  const answer = await fetch(`${proxy.url}/v3/x`)
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  await new Promise((resolve) => setTimeout(resolve, 2500))
  let read = 0
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) read += chunk.value.length
  t.equal(read, size)
})

t.test(
  'with all connections busy a call waits its turn, for as long as connecting may take',
  { buffered },
  async (t) => {
    for (const connections of [1, 2]) {
      const held: ServerResponse[] = []
      const servicechannel = await startServiceChannel(t, { answer: (_request, response) => held.push(response) })
      let opened = 0
      servicechannel.api.on('secureConnection', () => opened++)
      const proxy = await startProxy(t, {
        environment: { ...servicechannel, quota: { calls: connections + 3, windowSeconds: 60 } },
        timeouts: { ...patient, connectSeconds: 1 },
        connections
      })
      const ask = (path: string, init: RequestInit = {}) => fetch(`${proxy.url}/${path}`, { method: 'POST', ...init })
      const busy = Array.from({ length: connections }, () => ask('busy'))
      await until(() => held.length === connections)

      t.match(await (await ask('late')).json(), unsent(/all connections to it stayed busy/))
      t.match(proxy.records.at(-1), { path: '/late', attempts: 0 })

      const leaving = new AbortController()
      const left = ask('left', { signal: leaving.signal }).catch(() => 'left')
      await until(() => proxy.open() === connections + 2)
      const next = ask('next')
      const last = ask('last')
      await until(() => proxy.open() === connections + 4)
      leaving.abort()
      t.equal(await left, 'left')
      await until(() => proxy.records.some(({ path }) => path === '/left'))
      for (let n = 0; n < connections + 2; n++) {
        await until(() => held.length > n)
        held[n]?.end('ok')
      }
      for (const answer of [...busy, next, last]) t.equal((await answer).status, 200)
      t.strictSame(
        servicechannel.arrivals.slice(connections).map(({ url }) => url),
        ['/next', '/last'],
        'in the order they came in; neither the late one nor the one that left was sent'
      )
      t.equal(opened, connections, 'and no connection was lost over it')
      t.equal(proxy.records.at(-1)?.attempts, 1, 'the places of those two were free for others')
    }
  }
)

t.test('answers that nobody reads hold their connections, and nobody up for ever', { buffered }, async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => response.end(request.url === '/big' ? Buffer.alloc(16 * 1024 * 1024) : 'ok')
  })
  const proxy = await startProxy(t, {
    environment: servicechannel,
    timeouts: { ...patient, connectSeconds: 1 },
    connections: 2
  })
  const readers = [1, 2].map(() => {
    const socket = net.connect(proxy.port, '127.0.0.1', () =>
      socket.write('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n')
    )
    return socket.pause()
  })
  await until(() => servicechannel.arrivals.length === 2)
  t.match(await (await fetch(`${proxy.url}/small`)).json(), unsent(/stayed busy/))
  for (const reader of readers) reader.destroy()
  t.equal(await (await fetch(`${proxy.url}/small`)).text(), 'ok')
})
