import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { until } from '../support/until.js'
import { createClient, problemOf } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { type ApiCall, json, startServiceChannel } from './support/servicechannel.js'

t.setTimeout(180_000)
t.jobs = 2

t.test('while something is under way, kept connections and probes are answered', { buffered: true }, async (t) => {
  const { service, proxy, ask, held } = await start(t, { drainSeconds: 20 })
  const kept = await connect(t, proxy.port)
  const upload = await connect(t, proxy.port)
  const silent = await connect(t, proxy.port)
  kept.send('GET /v3/first HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => kept.text().includes('{"Id":1}'))
  t.notMatch(kept.text(), /connection: close/i, 'before the signal connections are kept')
  const underWay = ask({ target: '/v3/held' })
  await until(() => held.length === 1)
  upload.send('POST /v3/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n01234')
  await pause(100)

  const stopping = proxy.says(/SIGTERM: /)
  proxy.child.kill('SIGTERM')
  await stopping
  const probe = createClient(t, proxy.adminPort)
  await pause(300)
  t.match(
    [(await probe({ target: '/readiness' })).status, (await probe({ target: '/liveness' })).status],
    [503, 200],
    'red, but alive'
  )
  await t.rejects(connect(t, proxy.port), { code: 'ECONNREFUSED' }, 'nobody new is let in')

  kept.clear()
  kept.send('POST /v3/second HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}')
  await kept.closed
  t.match(kept.text(), /^HTTP\/1\.1 503 /, 'who asks on a kept connection is told')
  for (const line of [/x-sc-proxy-error: draining/i, /connection: close/i, /retry-after: [1-9]/i])
    t.match(kept.text(), line)

  upload.send('56789')
  await upload.closed
  t.match(upload.text(), /^HTTP\/1\.1 200 /, 'a body that was on its way has the time to arrive')
  t.match(upload.text(), /connection: close/i)

  t.equal((await probe({ target: '/readiness' })).status, 503, 'the admin listener stays to the last')
  held[0]!()
  const answer = await underWay
  t.match([answer.status, answer.headers.connection], [200, 'close'])
  await silent.closed
  const { code, at } = await proxy.ended
  t.equal(code, 0)
  t.ok(at - answer.at < 5000, `it ends ${Math.round(at - answer.at)} ms after the last answer`)
  t.strictSame(targets(service.calls), ['/v3/first', '/v3/held', '/v3/upload'])
})

t.test('at the deadline everybody is told or cut, and nobody is left hanging', { buffered: true }, async (t) => {
  const { proxy, ask, held } = await start(t, { drainSeconds: 1 })
  const reading = ask({ target: '/v3/held' })
  const writing = ask({ method: 'POST', target: '/v3/held', body: '{}' })
  const streaming = ask({ target: '/v3/streaming' }).catch((error) => error)
  const upload = await connect(t, proxy.port)
  upload.send('POST /v3/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n01234')
  const endless = await connect(t, proxy.port)
  endless.send('POST /v3/endless HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const sending = setInterval(() => endless.send(chunk), 20)
  t.teardown(() => clearInterval(sending))
  const deaf = await connect(t, proxy.port)
  deaf.pause()
  deaf.send('GET /v3/large HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => held.length === 2)
  await pause(200)

  const toldAt = performance.now()
  proxy.child.kill('SIGTERM')
  const read = await reading
  t.match(problemOf(read), { status: 503, code: 'draining' })
  t.match(read.headers, { 'retry-after': /^[1-9]/ }, 'a call that changes nothing may be made again')
  const written = await writing
  t.match(problemOf(written), { status: 503, code: 'draining', detail: /may or may not have been carried out/ })
  t.equal(written.headers['retry-after'], undefined, 'nobody is invited to do a thing twice')
  t.match(await streaming, Error, 'half an answer does not pass for a whole one')
  await Promise.all([upload.closed, endless.closed])
  const { code, at } = await proxy.ended
  t.equal(code, 0)
  t.ok(at - toldAt > 900, 'everybody had the time that was promised')
  t.ok(at - toldAt < 10_000, `and not much more: ${Math.round(at - toldAt)} ms`)
  t.match(proxy.stdout(), /time is up: [4-6] calls were cut/i, 'the log tells')
  deaf.resume()
  await deaf.closed
})

t.test('a second signal ends it at once, with the code of that signal', { buffered: true }, async (t) => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130]
  ] as const) {
    const { proxy, ask, held } = await start(t, { drainSeconds: 20 })
    const call = ask({ method: 'POST', target: '/v3/held', body: '{}' })
    await until(() => held.length === 1)
    const stopping = proxy.says(/SIGTERM: /)
    proxy.child.kill('SIGTERM')
    await stopping
    await pause(500) // sooner, the same signal would pass for an echo
    const toldAt = performance.now()
    proxy.child.kill(signal)
    t.match(problemOf(await call), { status: 503, code: 'draining' })
    const { at, ...ended } = await proxy.ended
    t.match(ended, { code, signal: null })
    t.ok(at - toldAt < 5000, `it ends after ${Math.round(at - toldAt)} ms`)
  }
})

t.test('an idle proxy ends as soon as it says so, whoever is connected', { buffered: true }, async (t) => {
  const { proxy, ask } = await start(t, { drainSeconds: 20 })
  t.equal((await ask()).status, 200)
  t.equal((await createClient(t, proxy.adminPort)({ target: '/readiness' })).status, 200)
  await connect(t, proxy.port)
  await connect(t, proxy.adminPort)
  const toldAt = performance.now()
  const stopped = proxy.says(/"msg":"stopped"/).then(() => performance.now())
  proxy.child.kill('SIGTERM')
  const saidAt = await stopped
  const { code, at } = await proxy.ended
  t.equal(code, 0)
  t.ok(saidAt - toldAt < 5000, `it says so after ${Math.round(saidAt - toldAt)} ms`)
  t.ok(at - saidAt < 5000, `and has ended ${Math.round(at - saidAt)} ms later`)
})

/** A proxy before a server that holds, streams, swallows or answers, as the path says. */
async function start(t: Test, shutdown: { drainSeconds: number }) {
  const held: (() => void)[] = []
  const service = await startServiceChannel(t, {
    answer({ target }, response) {
      const answer = () => json(response, 200, { Id: 1 })
      if (target === '/v3/held') held.push(answer)
      else if (target === '/v3/streaming') response.writeHead(200, { 'Content-Length': '1000' }).write('{')
      else if (target === '/v3/large') response.writeHead(200).end(Buffer.alloc(64 * 1024 * 1024))
      else answer()
    }
  })
  const proxy = await startProxy(t, { environments: { mine: environmentOf(service) }, shutdown })
  return { service, proxy, held, ask: createClient(t, proxy.port) }
}

/** A connection that keeps what it receives. */
async function connect(t: Test, port: number) {
  const socket = net.connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  t.teardown(() => socket.destroy())
  let received = ''
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.setEncoding('latin1').on('error', () => {})
  socket.on('data', (text: string) => {
    received = (received + text).slice(-65_536)
  })
  return {
    closed,
    text: () => received,
    clear() {
      received = ''
    },
    send: (text: string) => void (socket.writable && socket.write(text)),
    pause: () => socket.pause(),
    resume: () => socket.resume()
  }
}

const targets = (calls: readonly ApiCall[]) => calls.map(({ target }) => target)
