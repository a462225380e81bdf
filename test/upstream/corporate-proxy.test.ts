import { once } from 'node:events'
import http, { type ServerResponse } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { isExempt } from '../../src/upstream/no-proxy.js'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { json, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

interface ForwardOptions {
  /** Says this to every CONNECT instead of tunnelling; nothing at all when empty. */
  answer?: string
  /** Is reached over TLS itself. */
  tls?: { cert: string; key: string }
}

/** A forward proxy that tunnels CONNECT, as corporate proxies and Fiddler do, and writes down for whom. */
async function startForwardProxy(t: Test, authorization?: string, options: ForwardOptions = {}) {
  const tunnels: string[] = []
  const seen: (string | undefined)[] = []
  const open = new Set<net.Socket>()
  const server = options.tls ? https.createServer(options.tls) : http.createServer()
  server.on('connection', (socket: net.Socket) => open.add(socket.on('error', () => {})))
  server.on('connect', (request: http.IncomingMessage, client: net.Socket, head: Buffer) => {
    if (options.answer !== undefined) {
      if (options.answer !== '') client.end(`${options.answer}\r\n\r\n`)
      return
    }
    seen.push(request.headers['proxy-authorization'])
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    tunnels.push(request.url ?? '')
    const [host = '', port] = (request.url ?? '').split(':')
    const target = net.connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      target.write(head)
      client.pipe(target).pipe(client)
    })
    for (const socket of [client, target]) socket.on('error', () => socket.destroy())
    t.teardown(() => target.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const die = () => {
    for (const socket of open) socket.destroy()
    server.close()
  }
  t.teardown(die)
  return {
    tunnels,
    seen,
    port,
    host: `127.0.0.1:${port}`,
    die,
    revive: () => once(server.listen(port, '127.0.0.1'), 'listening')
  }
}

t.test('login and API both go through the forward proxy, with TLS to the far end', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const forward = await startForwardProxy(t)
  const proxy = await startProxy(t, { environment: servicechannel, upstreamProxy: `http://${forward.host}` })
  t.equal((await fetch(`${proxy.url}/v3/x`)).status, 200)
  t.strictSame(
    forward.tunnels,
    [servicechannel.loginUrl, servicechannel.apiUrl].map((url) => url.slice('https://'.length))
  )
})

t.test('the far end is verified inside the tunnel as well', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const forward = await startForwardProxy(t)
  const { apiUrl, loginUrl } = servicechannel
  const proxy = await startProxy(t, { environment: { apiUrl, loginUrl }, upstreamProxy: `http://${forward.host}` })
  t.match(await (await fetch(`${proxy.url}/v3/x`)).json(), { status: 502, code: 'login_untrusted' })
  t.equal(servicechannel.logins.length, 0)
})

t.test('user and password of the forward proxy are sent to it, and a refusal is told as one', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const forward = await startForwardProxy(t, `Basic ${Buffer.from('jane:p@ss').toString('base64')}`)
  const welcome = await startProxy(t, {
    environment: servicechannel,
    upstreamProxy: `http://jane:p%40ss@${forward.host}`
  })
  t.equal((await fetch(`${welcome.url}/v3/x`)).status, 200)
  const refused = await startProxy(t, {
    environment: servicechannel,
    upstreamProxy: `http://jane:CANARY@${forward.host}`
  })
  const answer = await (await fetch(`${refused.url}/v3/x`)).text()
  t.match(JSON.parse(answer), { status: 502, code: 'login_unreachable', detail: /corporate proxy refused the tunnel/ })
  t.notMatch(answer + refused.lines.join(''), /CANARY/)
})

t.test(
  'a rejected password is not shown to the proxy again, call after call: its account could be locked',
  async (t) => {
    const servicechannel = await startServiceChannel(t, {
      login: (_request, response) => json(response, 200, { access_token: 'a', expires_in: 7200 })
    })
    const forward = await startForwardProxy(t, 'Basic something else')
    let nowMs = 0
    const proxy = await startProxy(t, {
      environment: servicechannel,
      upstreamProxy: `http://jane:wrong@${forward.host}`,
      noProxy: new URL(servicechannel.loginUrl).host,
      ports: { now: () => nowMs }
    })
    const ask = async () => (await fetch(`${proxy.url}/v3/x`)).json()
    for (let call = 0; call < 3; call++)
      t.match(await ask(), { code: 'upstream_unreachable', detail: /refused the tunnel.*Nothing was sent/ })
    t.equal(forward.seen.length, 1)
    nowMs += 16 * 60_000
    await ask()
    t.equal(forward.seen.length, 2, 'the proxy may have been wrong, or somebody has mended it')
  }
)

t.test('hosts named in noProxy are reached directly', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, {
    environment: servicechannel,
    upstreamProxy: 'http://127.0.0.1:1',
    noProxy: 'example.com, localhost'
  })
  t.equal((await fetch(`${proxy.url}/v3/x`)).status, 200)
})

t.test('headers go through the tunnel as they came: order, letters and repetitions', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const forward = await startForwardProxy(t)
  const proxy = await startProxy(t, { environment: servicechannel, upstreamProxy: `http://${forward.host}` })
  const headers = ['X-B: 1', 'x-a: 2', 'X-B: 3', '42: first', 'Accept: a/b', 'Accept: c/d']
  await raw(proxy.port, `GET /v3/x HTTP/1.1\r\nHost: localhost\r\n${headers.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  const { rawHeaders = [] } = servicechannel.arrivals[0] ?? {}
  const arrived = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
  t.strictSame(
    arrived.filter((line) => headers.includes(line)),
    headers
  )
})

t.test(
  'a forward proxy that is down, mute or unwilling is named, so that nobody looks for the API server',
  async (t) => {
    const servicechannel = await startServiceChannel(t)
    const unwilling = await startForwardProxy(t, undefined, { answer: 'HTTP/1.1 503 Service Unavailable' })
    const mute = await startForwardProxy(t, undefined, { answer: '' })
    const down = await startForwardProxy(t)
    down.die()
    const cases = [
      [
        unwilling,
        502,
        'upstream_unreachable',
        /the corporate proxy refused the tunnel \(it answered 503\)\. Nothing was sent/
      ],
      [mute, 504, 'upstream_timeout', /the corporate proxy did not answer in time\. Nothing was sent/],
      [
        down,
        502,
        'upstream_unreachable',
        /the corporate proxy cannot be reached: check upstreamProxy\. Nothing was sent/
      ]
    ] as const
    for (const [forward, status, code, detail] of cases) {
      const proxy = await startProxy(t, {
        environment: { ...servicechannel, apiUrl: servicechannel.apiUrl.replace('localhost', 'api.example') },
        upstreamProxy: `http://${forward.host}`,
        noProxy: 'localhost',
        timeouts: { connectSeconds: 1, headersSeconds: 5, bodySeconds: 5, loginSeconds: 5 }
      })
      t.match(await (await fetch(`${proxy.url}/v3/x`, { method: 'POST' })).json(), { status, code, detail })
    }
  }
)

t.test('a forward proxy that dies in the middle of a call, and one that is back', async (t) => {
  const held: ServerResponse[] = []
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => (request.url === '/slow' ? held.push(response) : response.end('ok'))
  })
  const forward = await startForwardProxy(t)
  const proxy = await startProxy(t, { environment: servicechannel, upstreamProxy: `http://${forward.host}` })
  const slow = fetch(`${proxy.url}/slow`, { method: 'POST', body: 'x' })
  await until(() => held.length === 1)
  forward.die()
  t.match(await (await slow).json(), {
    status: 502,
    code: 'upstream_dropped',
    detail: /may or may not have been carried/
  })
  t.match(await (await fetch(`${proxy.url}/next`, { method: 'POST' })).json(), {
    detail: /corporate proxy cannot be reached/
  })
  await forward.revive()
  t.equal((await fetch(`${proxy.url}/next`, { method: 'POST' })).status, 200)
  t.strictSame(
    servicechannel.arrivals.map(({ url }) => url),
    ['/slow', '/next']
  )
})

t.test('a forward proxy that is itself reached over TLS is verified, by the named authority, too', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const upstreamProxy = async (from: { cert: string; key: string }) =>
    `https://localhost:${(await startForwardProxy(t, undefined, { tls: from })).port}`
  const good = await startProxy(t, { environment: servicechannel, upstreamProxy: await upstreamProxy(servicechannel) })
  t.equal((await fetch(`${good.url}/v3/x`)).status, 200)
  const stranger = await startServiceChannel(t)
  const bad = await startProxy(t, { environment: servicechannel, upstreamProxy: await upstreamProxy(stranger) })
  const { detail } = (await (await fetch(`${bad.url}/v3/x`)).json()) as { detail: string }
  t.match(detail, /corporate proxy cannot be reached: its certificate .* name its certificate with caFile/)
  t.equal(servicechannel.arrivals.length, 1)
})

t.test('noProxy is read as NO_PROXY is everywhere', async (t) => {
  const direct: [string, string, string][] = [
    ['*', 'api.example', '443'],
    ['api.example', 'API.example', '443'],
    ['example', 'api.example', '443'],
    ['.example', 'api.example', '443'],
    ['*.example', 'api.example', '443'],
    ['x.test, api.example:8443 y.test', 'api.example', '8443'],
    ['127.0.0.1', '127.0.0.1', '443'],
    ['::1', '::1', '443'],
    ['[::1]:8443', '::1', '8443']
  ]
  for (const [noProxy, host, port] of direct) t.ok(isExempt(noProxy, host, port), `${noProxy}: ${host}:${port}`)
  const proxied: [string, string, string][] = [
    ['', 'api.example', '443'],
    [' , ', 'api.example', '443'],
    ['api.example', 'myapi.example', '443'],
    ['api.example', 'example', '443'],
    ['api.example:8443', 'api.example', '443'],
    ['[::1]:8443', '::1', '443'],
    ['pi.example', 'api.example', '443']
  ]
  for (const [noProxy, host, port] of proxied) t.notOk(isExempt(noProxy, host, port), `${noProxy}: ${host}:${port}`)
})
