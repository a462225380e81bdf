import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { json, startServiceChannel } from '../support/servicechannel.js'

t.test(
  'credentials, cookies, hops and traces of the client stay here; everything else goes on as it came',
  async (t) => {
    const servicechannel = await startServiceChannel(t)
    const proxy = await startProxy(t, { environment: servicechannel })
    const request = [
      'POST /v3/x HTTP/1.1',
      'Host: localhost',
      'Connection: close, X-Hop, content-length',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic CANARY',
      'TE: trailers',
      'Trailer: X-Late',
      'Upgrade: websocket',
      'Authorization: Bearer CANARY',
      'Cookie: CANARY=1',
      'Origin: http://localhost',
      'Referer: http://localhost/page',
      'Forwarded: for=10.0.0.1',
      'X-Forwarded-For: 10.0.0.1',
      'X-Forwarded-Host: a',
      'X-Forwarded-Proto: http',
      'X-Real-IP: 10.0.0.1',
      'Sec-Fetch-Site: same-origin',
      'Accept: application/json',
      'ACCEPT: text/json',
      'X-TimeZone: caf\xe9',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'Content-Length: 2',
      '',
      'hi'
    ]
    t.match(await raw(proxy.port, Buffer.from(request.join('\r\n'), 'latin1')), /^HTTP\/1\.1 200/)
    const { rawHeaders = [], body } = servicechannel.arrivals[0] ?? {}
    const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
    t.strictSame(
      pairs.filter((pair) => !/^(host|connection|content-length)/i.test(pair)),
      [
        'Accept: application/json',
        'ACCEPT: text/json',
        'X-TimeZone: caf\xe9',
        'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'authorization: Bearer token-1'
      ]
    )
    t.match(pairs.join('\n'), new RegExp(`^host: ${servicechannel.apiUrl.slice(8)}$`, 'm'))
    t.equal(body?.toString(), 'hi', 'no header can take the framing of the body away')
  }
)

t.test("the API's hops and cookies stay here too", async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) => {
      response.socket?.end(
        'HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nProxy-Authenticate: Basic\r\nSet-Cookie: a=CANARY\r\nSet-Cookie: b=CANARY\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok'
      )
    }
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const answer = await raw(proxy.port, 'GET /v3/x HTTP/1.1\r\nHost: localhost\r\n\r\n', /ok$/)
  t.notMatch(answer, /CANARY|X-Hop|Proxy-Authenticate|timeout=1|connection: close/i)
  t.match(answer, /X-Kept: 1/)
})

t.test(
  'a Location that leads back to the API leads to the listener instead, under the name the client used',
  async (t) => {
    let location = ''
    const servicechannel = await startServiceChannel(t, {
      answer: (_request, response) => json(response, 201, { id: 1 }, { location })
    })
    const proxy = await startProxy(t, { environment: servicechannel })
    const { host } = new URL(servicechannel.apiUrl)
    const locationFor = async (value: string, headers = 'Host: localhost:8080') => {
      location = value
      const answer = await raw(
        proxy.port,
        `POST /v3/workorders HTTP/1.1\r\n${headers}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
      )
      return /location: (.*)\r\n/.exec(answer)?.[1]
    }
    t.equal(
      await locationFor(`https://${host}/v3/workorders/1?x=https://${host}/`),
      `http://localhost:8080/v3/workorders/1?x=https://${host}/`
    )
    t.equal(await locationFor(`http://${host}/v3/x`, 'Host: 127.0.0.1'), 'http://127.0.0.1/v3/x')
    t.equal(await locationFor(`https://${host}`, 'Host: [::1]:8080'), 'http://[::1]:8080')
    t.equal(await locationFor(`https://${host}.evil.example/x`), `https://${host}.evil.example/x`)
    t.equal(await locationFor('https://storage.example/signed?a=1'), 'https://storage.example/signed?a=1')
    t.equal(await locationFor('/v3/relative'), '/v3/relative')
  }
)
