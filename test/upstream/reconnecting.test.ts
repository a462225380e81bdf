import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import t, { type Test } from 'tap'
import { makeCertificates } from '../support/certificates.js'
import { createNames, startLine } from '../support/line.js'
import { startProxy } from '../support/proxy.js'
import { json, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

const impatient = { connectSeconds: 1, headersSeconds: 1, bodySeconds: 1, loginSeconds: 5 }

/** Two servers of one name at the same port of two addresses; the name leads to the first. */
async function startMovingHost(t: Test) {
  const options: ServerOptions = {
    names: ['localhost', 'api.example'],
    login: (_request, response) => json(response, 200, { access_token: 'token', token_type: 'bearer', expires_in: 1e6 })
  }
  const old = await startServiceChannel(t, { ...options, answer: (_q, response) => response.end('old') })
  const young = await startServiceChannel(t, { ...options, answer: (_q, response) => response.end('young') })
  const oldLine = await startLine(t, old.apiUrl)
  const { port } = oldLine
  const youngLine = await startLine(t, young.apiUrl, { host: '127.0.0.2', port })
  const addresses = { localhost: ['127.0.0.1'], 'api.example': ['127.0.0.1'] }
  const clock = { ms: 1_000_000 }
  const proxy = await startProxy(t, {
    environment: { apiUrl: `https://api.example:${port}`, loginUrl: old.loginUrl, ca: `${old.ca}\n${young.ca}` },
    timeouts: impatient,
    ports: { lookup: createNames(addresses).lookup, now: () => clock.ms }
  })
  const ask = async (method = 'POST') => {
    const answer = await fetch(`${proxy.url}/v3/x`, { method })
    if (answer.ok) return answer.text()
    const { status, detail } = (await answer.json()) as { status: number; detail: string }
    return `${status} ${detail}`
  }
  const move = () => addresses['api.example'].splice(0, 1, '127.0.0.2')
  return { proxy, ask, move, clock, oldLine, youngLine, old, young }
}

t.test('a name that moves while its old address is gone is followed at once', async (t) => {
  const { ask, move, oldLine } = await startMovingHost(t)
  t.equal(await ask(), 'old')
  move()
  oldLine.close()
  t.equal(await ask(), 'young')
})

t.test('a name that moves while its old address still answers is followed within two minutes', async (t) => {
  const { ask, move, clock, oldLine, youngLine } = await startMovingHost(t)
  for (let second = 0; second < 240 && (await ask()) === 'old'; second++) {
    if (second === 30) move()
    clock.ms += 1000
  }
  t.equal(await ask(), 'young')
  t.ok(clock.ms <= 1_000_000 + 30_000 + 121_000, `after ${(clock.ms - 1_030_000) / 1000} s`)
  t.ok(oldLine.accepted() <= 3, 'though connections are kept until then')
  t.equal(youngLine.accepted(), 1)
})

t.test('a name that moves away from a machine that has vanished costs the calls on its connections', async (t) => {
  const { ask, move, oldLine } = await startMovingHost(t)
  t.equal(await ask(), 'old')
  oldLine.vanish()
  move()
  const [first, ...others] = await Promise.all([ask(), ask(), ask()])
  t.match(first, /^504 .* did not begin its answer in time\. The request may or may not/)
  t.strictSame(others, ['young', 'young'], 'new connections go where the name leads now')
  t.equal(await ask('GET'), 'young')
})

t.test('what is under way when connections are renewed goes on to its end', async (t) => {
  const held: ServerResponse[] = []
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) =>
      request.url === '/slow' ? held.push(response.writeHead(200)) && response.write('be') : response.end('ok')
  })
  const clock = { ms: 0 }
  const proxy = await startProxy(t, { environment: servicechannel, ports: { now: () => clock.ms } })
  const slow = await fetch(`${proxy.url}/slow`)
  clock.ms += 200_000
  t.equal((await fetch(`${proxy.url}/other`)).status, 200)
  held[0]?.end('gun')
  t.equal(await slow.text(), 'begun')
})

t.test('after a suspend no call is sent into a connection of before', async (t) => {
  const { proxy, ask, clock, oldLine } = await startMovingHost(t)
  t.equal(await ask(), 'old')
  oldLine.vanish()
  clock.ms += 7_200_000
  const before = oldLine.accepted()
  t.equal(await ask(), 'old')
  t.equal(oldLine.accepted(), before + 1)
  t.equal(proxy.records.at(-1)?.attempts, 1)
})

/** Closes a server with all its connections, and returns how to open another at the same port. */
async function stop(server: Server): Promise<number> {
  const { port } = server.address() as { port: number }
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  return port
}

t.test('a server that restarts between calls is not noticed', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  for (let round = 0; round < 5; round++) {
    t.equal((await fetch(`${proxy.url}/v3/x`, { method: 'POST', body: `${round}` })).status, 200)
    const port = await stop(servicechannel.api)
    await once(servicechannel.api.listen(port, '127.0.0.1'), 'listening')
  }
  t.equal(servicechannel.arrivals.length, 5)
  t.strictSame(
    proxy.records.map(({ attempts }) => attempts),
    [1, 1, 1, 1, 1]
  )
})

t.test('a server that goes down in the middle of calls: each method is told what is known of it', async (t) => {
  const servicechannel = await startServiceChannel(t, { answer: () => {} })
  const proxy = await startProxy(t, { environment: servicechannel })
  const ask = async (method: string) => (await fetch(`${proxy.url}/v3/x`, { method })).json()
  const calls = Promise.all([ask('POST'), ask('GET')])
  await until(() => servicechannel.arrivals.length === 2)
  await stop(servicechannel.api)
  const [post, get] = await calls
  t.match(post, { status: 502, code: 'upstream_dropped', detail: /may or may not have been carried out/ })
  t.match(get, { status: 502, detail: /may or may not have been carried out/ }, 'the second attempt unsays nothing')
  const refused = await ask('POST')
  t.match(refused, { status: 502, code: 'upstream_unreachable', detail: /connection refused.*Nothing was sent/ })
})

t.test('a new certificate of the same authority is as good, one of another authority is not', async (t) => {
  for (const how of ['restart', 'reload'] as const) {
    const servicechannel = await startServiceChannel(t)
    const proxy = await startProxy(t, { environment: servicechannel })
    const replace = async (certificates: { cert: string; key: string }) => {
      servicechannel.api.setSecureContext({ ...certificates, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
      servicechannel.api.closeAllConnections()
      if (how === 'reload') return
      servicechannel.api.setTicketKeys(Buffer.alloc(48, Math.random() * 256))
    }
    t.equal((await fetch(`${proxy.url}/v3/x`)).status, 200)
    await replace(await servicechannel.issue())
    t.equal((await fetch(`${proxy.url}/v3/x`)).status, 200, `the same authority, ${how}`)
    await replace(await makeCertificates())
    const answer = await fetch(`${proxy.url}/v3/x`, { method: 'POST' })
    t.match(await answer.json(), { status: 502, code: 'upstream_untrusted', detail: /Nothing was sent/ }, how)
    t.equal(servicechannel.arrivals.length, 2)
  }
})
