import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.js'
import { json, startServiceChannel } from '../support/servicechannel.js'
import { endOfHead, okWith, startWire } from '../support/wire.js'

/** An API that counts what arrives by its `x-id`, answers it, and then does with the connection as it is told. */
async function startCounter(t: Test, after: (socket: TLSSocket) => void, head = '') {
  const arrived = new Map<string, number>()
  const wire = await startWire(t, ({ socket, say }, piece) => {
    if (!endOfHead.test(piece)) return
    const id = /^x-id: (\S+)/im.exec(piece)?.[1] ?? ''
    arrived.set(id, (arrived.get(id) ?? 0) + 1)
    if (socket.writable) say(okWith('ok', head))
    after(socket)
  })
  const proxy = await startProxy(t, { environment: wire })
  async function post(id: number) {
    const reply = await fetch(`${proxy.url}/v3/pay`, { method: 'POST', headers: { 'x-id': `${id}` }, body: 'pay' })
    return { status: reply.status, body: await reply.text(), arrived: arrived.get(`${id}`) ?? 0 }
  }
  return { post, proxy, arrived }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('a POST that meets a closing connection arrives once at most, and its client is told the truth', async (t) => {
  for (const how of ['end', 'destroy'] as const) {
    let idle: TLSSocket | undefined
    const { post } = await startCounter(t, (socket) => {
      idle = socket
    })
    /** Closes the idle connection so many turns of the event loop from now. */
    async function closeAfter(turns: number): Promise<void> {
      const socket = idle
      for (let n = 0; n < turns; n++) await turn()
      socket?.[how]()
    }
    const unknown: number[] = []
    for (let id = 0; id < 120; id++) {
      const [{ status, body, arrived }] = await Promise.all([post(id), closeAfter(id % 12)])
      if (status === 200) t.equal(arrived, 1)
      else {
        t.match(JSON.parse(body), { status: 502, code: 'upstream_dropped', detail: /may or may not have been carried/ })
        unknown.push(arrived)
      }
    }
    t.ok(
      unknown.every((arrived) => arrived <= 1),
      `${how}: ${unknown.length} of 120 met one, ${unknown.filter((arrived) => arrived === 1).length} of them arrived`
    )
  }
})

t.test('a connection that is known to be closed is not used again', async (t) => {
  let closed: Promise<unknown> = Promise.resolve()
  const { post, proxy } = await startCounter(t, (socket) => {
    closed = once(socket, 'close')
    setImmediate(() => socket.end())
  })
  for (let id = 0; id < 50; id++) {
    const { status, arrived } = await post(id)
    t.strictSame([status, arrived], [200, 1])
    await closed
  }
  t.ok(proxy.records.every(({ attempts }) => attempts === 1))
})

t.test('idle connections are closed from this side before the server would', async (t) => {
  const life = async (head: string) => {
    let resolve: (seconds: number) => void = () => {}
    const promise = new Promise<number>((settle) => {
      resolve = settle
    })
    const { post } = await startCounter(
      t,
      (socket) => {
        const answered = performance.now()
        socket.once('end', () => resolve((performance.now() - answered) / 1000))
      },
      head
    )
    await post(1)
    return promise
  }
  const [silent, three, two] = await Promise.all([
    life(''),
    life('Keep-Alive: timeout=3\r\n'),
    life('Keep-Alive: timeout=2\r\n')
  ])
  t.ok(silent > 3 && silent < 5, `nothing is said: after ${silent.toFixed(1)} s, and five are customary`)
  t.ok(three < 2.5, `three seconds are promised: after ${three.toFixed(1)} s`)
  t.ok(two < 1, `two are promised: after ${two.toFixed(1)} s`)
})

t.test('calls at the very moment an idle connection is closed find another one', async (t) => {
  const servicechannel = await startServiceChannel(t, { answer: (_request, response) => json(response, 200, {}) })
  servicechannel.api.keepAliveTimeout = 3000 // promised to clients, who leave two seconds of it
  const proxy = await startProxy(t, { environment: servicechannel })
  let sent = 0
  const client = async () => {
    for (let n = 0; n < 4; n++) {
      sent++
      t.equal((await fetch(`${proxy.url}/v3/pay`, { method: 'POST', body: 'pay' })).status, 200)
      await new Promise((resolve) => setTimeout(resolve, 985 + Math.random() * 30))
    }
  }
  await Promise.all(Array.from({ length: 20 }, client))
  t.equal(servicechannel.arrivals.length, sent)
  t.ok(proxy.records.every(({ attempts }) => attempts === 1))
})
