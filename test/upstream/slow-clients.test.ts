import { once } from 'node:events'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

const silence = 0.4
const timeouts = { connectSeconds: 5, headersSeconds: 30, bodySeconds: silence, loginSeconds: 5 }
const timedOut = /^HTTP\/1\.1 408 .*x-sc-proxy-error: request_timeout\r\n.*connection: close\r\n/is

/** A client on a raw socket that sends what it is told and nothing else. */
function connect(t: Test, port: number) {
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
  })
  const closed = once(socket, 'close').then(() => received)
  return { socket, closed, received: () => received }
}

const head = (path: string, framing: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n`

t.test('a head that does not come to its end is cut, however steadily it trickles', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  t.equal(proxy.server.headersTimeout, 30_000, 'in the product after half a minute')
  proxy.server.headersTimeout = 500
  const stalled = connect(t, proxy.port)
  const trickling = connect(t, proxy.port)
  stalled.socket.write('GET /stalled HTTP/1.1\r\nHost: local')
  trickling.socket.write('GET /trickling HTTP/1.1\r\n')
  const drip = setInterval(() => trickling.socket.write('X-Drip: 1\r\n'), 50)
  trickling.socket.on('error', () => {})
  const answers = await Promise.all([stalled.closed, trickling.closed])
  clearInterval(drip)
  for (const answer of answers) t.match(answer, /^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
  t.equal(servicechannel.arrivals.length, 0)
})

t.test('a body that stops arriving is cut before it has taken a place', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, quota: { calls: 1, windowSeconds: 60 } },
    timeouts
  })
  const stalled = {
    'a small one': [head('/small', 'Content-Length: 1000'), 'only this'],
    'one of unknown length': [head('/chunked', 'Transfer-Encoding: chunked'), '5\r\nonly \r\n'],
    'a large one that was only announced': [head('/large', 'Content-Length: 1000000'), '']
  }
  const clients = Object.values(stalled).map((parts) => {
    const client = connect(t, proxy.port)
    for (const part of parts) client.socket.write(part)
    return client
  })
  await until(() => proxy.open() === 3)
  t.match(proxy.limiter.snapshot(), { waiting: 0, application: { used: 0 } }, 'they hold nothing')
  t.equal((await fetch(`${proxy.url}/other`)).status, 200, 'and nobody waits for them')
  for (const answer of await Promise.all(clients.map(({ closed }) => closed))) t.match(answer, timedOut)
  t.strictSame(
    servicechannel.arrivals.map(({ url }) => url),
    ['/other']
  )
  t.ok(
    proxy.records.filter(({ problem }) => problem === 'request_timeout').every(({ attempts }) => attempts === 0),
    'none was sent'
  )
})

t.test('a body that stops arriving after its departure is cut as well, here and at the server', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel, timeouts })
  let cut = false
  servicechannel.api.on('request', (request) => {
    request.once('close', () => {
      cut = !request.complete
    })
  })
  const { socket, closed } = connect(t, proxy.port)
  socket.write(head('/large', 'Content-Length: 1000000'))
  socket.write(Buffer.alloc(300_000))
  await until(() => servicechannel.arrivals.length === 1)
  t.match(await closed, timedOut)
  await until(() => cut)
  t.match(proxy.limiter.snapshot().application, { inFlight: 0, used: 1 }, 'its place was spent and is not held')
  t.match(proxy.records[0], { status: 408, problem: 'request_timeout', attempts: 1 })
})

t.test('an upload that is slow but steady lives, and so does one the server is slow to take', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel, timeouts })
  const body = Buffer.alloc(400_000, 'x')
  const uploads = ['Content-Length: 400000', 'Content-Length: 2000', 'Content-Length: 20'].map(async (framing, n) => {
    const { socket, received } = connect(t, proxy.port)
    const size = Number(framing.split(' ')[1])
    socket.write(head(`/steady-${n}`, framing))
    for (let piece = 0; piece < 10; piece++) {
      socket.write(body.subarray(0, size / 10))
      await pause(100)
    }
    await until(() => /^HTTP\/1\.1 200 /.test(received()))
    const arrival = servicechannel.arrivals.find(({ url }) => url === `/steady-${n}`)
    t.equal(arrival?.body.length, size)
  })
  await Promise.all(uploads)

  const slow = https.createServer({ cert: servicechannel.cert, key: servicechannel.key }, async (request, response) => {
    await pause(silence * 1000 * 3)
    let size = 0
    for await (const chunk of request) size += chunk.length
    response.end(String(size))
  })
  await once(slow.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => slow.close())
  const apiUrl = `https://localhost:${(slow.address() as AddressInfo).port}`
  const patient = await startProxy(t, { environment: { ...servicechannel, apiUrl }, timeouts })
  const size = 30_000_000
  const answer = await fetch(`${patient.url}/slow-server`, { method: 'POST', body: Buffer.alloc(size) })
  t.equal(answer.status, 200, 'a client that may not send is not silent')
  t.equal(await answer.text(), String(size))
})

t.test('a client that reads 100 MB slowly stalls nobody and is held back, not stored', async (t) => {
  const size = 100_000_000
  const piece = Buffer.alloc(50_000, 'y')
  let written = 0
  function* pieces() {
    for (written = 0; written < size; written += piece.length) yield piece
  }
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => {
      if (request.url !== '/big') return response.end('ok')
      response.writeHead(200, { 'content-length': String(size) })
      return Readable.from(pieces()).pipe(response)
    }
  })
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, quota: { calls: 200, windowSeconds: 60 } },
    timeouts: { ...timeouts, bodySeconds: 30 }
  })
  await fetch(`${proxy.url}/warm`).then((answer) => answer.text())
  const before = process.memoryUsage().arrayBuffers
  const socket = net.connect(proxy.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  await until(() => written > 0)
  let seen = -1
  // The network itself takes some megabytes; then nothing more goes out.
  while (seen !== written) {
    seen = written
    await pause(300)
  }
  t.ok(written < 40_000_000, `${written} bytes have left the server`)
  const held = process.memoryUsage().arrayBuffers - before
  t.ok(held < 25_000_000, `${held} bytes are held for it`)

  const startedAt = performance.now()
  const others = await Promise.all(
    Array.from({ length: 60 }, () => fetch(`${proxy.url}/other`).then((answer) => answer.text()))
  )
  t.ok(others.every((text) => text === 'ok'))
  t.ok(performance.now() - startedAt < 3000, 'the others are served meanwhile')
  t.match(proxy.limiter.snapshot().application, { inFlight: 0, limit: 200 }, 'the limiter has nothing to do with it')

  let read = 0
  for await (const chunk of socket) read += chunk.length
  t.ok(read > size, 'and in the end it has it all')
})
