import t from 'tap'
import type { Limiter } from '../../src/limiter/limiter.js'
import type { TokenStore } from '../../src/oauth/token-store.js'
import { createApiClients } from '../../src/upstream/agent.js'
import { createReadAhead } from '../../src/upstream/body.js'
import { type Conversation, createExchange } from '../../src/upstream/exchange.js'
import { createLeaving } from '../../src/upstream/leaving.js'
import { createSend, LostError } from '../../src/upstream/send.js'
import { createSlots } from '../../src/upstream/slots.js'
import { startProxy } from '../support/proxy.js'
import { until } from '../support/until.js'
import { endOfHead, okWith, startWire } from '../support/wire.js'

t.test('an answer that cannot be read is asked for once, whatever the method', async (t) => {
  let answer = ''
  let requests = 0
  const wire = await startWire(t, (line, piece) => {
    if (!endOfHead.test(piece)) return
    requests++
    line.socket.end(answer)
  })
  const proxy = await startProxy(t, { environment: wire })
  for (const [name, text] of [
    ['HTTP/0.9', '<html>hello</html>'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['two lengths', okWith('ok', 'Content-Length: 3\r\n')],
    ['a header of 70 kB', okWith('ok', `X-A: ${'a'.repeat(70_000)}\r\n`)],
    ['a head of 3000 lines', okWith('ok', `X-A: ${'a'.repeat(30)}\r\n`.repeat(3000))]
  ] as const) {
    answer = text
    for (const method of ['POST', 'GET']) {
      requests = 0
      const problem = { status: 502, code: 'upstream_invalid', detail: /may or may not have been carried out/ }
      t.match(await (await fetch(`${proxy.url}/v3/x`, { method })).json(), problem, `${name}, ${method}`)
      t.equal(requests, 1, `${name}, ${method}`)
    }
  }
})

t.test('a server that was connected to had been reached, whatever ended that', async (t) => {
  const lost = (code: string) => new LostError(true, Object.assign(new Error(code), { code }))
  for (const code of ['EHOSTUNREACH', 'ERR_SSL_BAD_RECORD_TYPE', 'ENETDOWN']) {
    const exchange = createExchange({
      environment: 'mine',
      limiter: {
        refusal() {},
        tryAcquire: () => ({ waitedMs: 0, ahead: 0, report() {} })
      } as unknown as Limiter,
      tokens: {
        fresh: () => ({ expiresAt: Number.POSITIVE_INFINITY }),
        lastAcceptedAt() {}
      } as unknown as TokenStore,
      slots: createSlots(1, 1000),
      send: () => Promise.reject(lost(code)),
      readAhead: createReadAhead({ silenceMs: 1000 })
    })
    const trace = { queueMs: 0, tokenMs: 0, upstreamMs: 0, attempts: 0, ahead: 0, notes: [] }
    const ticket = { client: '', priority: 3 }
    const leaving = createLeaving()
    const request = { headers: {} }
    const call = {
      method: 'POST',
      target: '/',
      headers: [],
      request,
      ticket,
      leaving,
      trace
    } as unknown as Conversation
    await t.rejects(exchange(call), { code: 'upstream_dropped', message: /may or may not have been carried out/ }, code)
  }
})

t.test(
  'an answer that breaks off before anybody reads it is told to whoever reads, and harms nobody else',
  async (t) => {
    const wire = await startWire(t, (line) => line.say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'))
    const clients = createApiClients(
      {
        tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
        ca: wire.ca,
        timeouts: { connectSeconds: 5, headersSeconds: 5, bodySeconds: 5 }
      },
      wire.apiUrl
    )
    t.teardown(() => clients.destroy())
    let released = 0
    const answer = await createSend(clients)({
      method: 'GET',
      target: '/',
      headers: [],
      payload: undefined,
      leaving: createLeaving(),
      release: () => released++
    })
    for (const { socket } of wire.lines) socket.destroy()
    await until(() => answer.body.stream().destroyed)
    await t.rejects(answer.body.stream().toArray())
    t.ok(released > 0, 'its connection is given back')
  }
)
