import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'

/** A forward proxy that tunnels CONNECT, as corporate proxies and Fiddler do, and writes down for whom. */
async function startForwardProxy(t: Test, authorization?: string) {
  const tunnels: string[] = []
  const seen: (string | undefined)[] = []
  const server = http.createServer().on('connect', (request, client: net.Socket, head) => {
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
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { tunnels, seen, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
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

t.test('hosts named in noProxy are reached directly', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, {
    environment: servicechannel,
    upstreamProxy: 'http://127.0.0.1:1',
    noProxy: 'example.com, localhost'
  })
  t.equal((await fetch(`${proxy.url}/v3/x`)).status, 200)
})
