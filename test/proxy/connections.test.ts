import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { converse } from '../support/conversation.js'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

async function open(t: Test) {
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response, { body }) => whole(response, { url: request.url, body: body.toString('latin1') })
  })
  return { servicechannel, proxy: await startProxy(t, { environment: servicechannel }) }
}

/** An answer that states its length. */
function whole(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(200, { 'content-length': text.length }).end(text)
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0

t.test(
  'a hundred requests on one connection, one after the other and all at once, are answered in order',
  async (t) => {
    const { proxy, servicechannel } = await open(t)
    const client = await converse(t, proxy.port)
    for (let n = 1; n <= 50; n++) {
      const body = 'x'.repeat(n)
      client.say(`POST /v3/${n} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${n}\r\n\r\n${body}`)
      await client.hears(new RegExp(`/v3/${n}","body":"${body}"}`))
    }
    const rest = Array.from({ length: 51 }, (_, n) => `GET /v3/${n + 51} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    client.say(rest.join(''))
    const heard = await client.hears(/\/v3\/101"/)
    t.equal(count(heard, /HTTP\/1\.1 200 OK/g), 101)
    t.strictSame(
      [...heard.matchAll(/"url":"\/v3\/(\d+)"/g)].map(([, n]) => Number(n)),
      Array.from({ length: 101 }, (_, n) => n + 1)
    )
    t.equal(servicechannel.arrivals.length, 101)
  }
)

t.test('HTTP/1.0 keeps the connection only when it asks for it', async (t) => {
  const { proxy } = await open(t)
  const client = await converse(t, proxy.port)
  for (let n = 1; n <= 3; n++) {
    client.say(`GET /v3/${n} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n`)
    t.match(await client.hears(new RegExp(`/v3/${n}"[\\s\\S]*}$`)), /connection: keep-alive\r\n/i)
  }
  client.say('GET /v3/last HTTP/1.0\r\n\r\n')
  t.equal(count(await client.ended(), /HTTP\/1\.1 200 OK/g), 4)

  const unmeasured = await startServiceChannel(t, {
    answer: (_request, response) => response.write('a') && response.end('b')
  })
  const { port } = await startProxy(t, { environment: unmeasured })
  const answer = await raw(port, 'GET /v3/x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')
  t.match(answer, /connection: close\r\n\r\nab$/i, 'without a length only the end of the connection can end it')
})

t.test('an offer to change the protocol is passed over, as it may be, and the request answered', async (t) => {
  const { proxy, servicechannel } = await open(t)
  const offers = {
    h2c: 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n',
    websocket:
      'Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n',
    'TLS/1.0': 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n'
  }
  for (const [name, offer] of Object.entries(offers)) {
    const client = await converse(t, proxy.port)
    client.say(`POST /v3/${name} HTTP/1.1\r\nHost: localhost\r\n${offer}Content-Length: 2\r\n\r\nhi`)
    t.match(await client.hears(/}$/), /^HTTP\/1\.1 200 OK\r\n/, name)
    t.notMatch(client.heard(), /upgrade/i, `${name}: nothing is agreed to`)
    client.say('GET /v3/next HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await client.hears(/\/v3\/next"/)
    t.notMatch(servicechannel.arrivals.at(-2)?.headers, { upgrade: String }, `${name}: nor passed on`)
    t.equal(servicechannel.arrivals.at(-2)?.body.toString(), 'hi')
  }
})

t.test('what asks for something else than an API call is told what to do instead', async (t) => {
  const { proxy, servicechannel } = await open(t)
  const host = 'Host: localhost\r\n'
  const cases: [string, number, string, RegExp][] = [
    [
      `CONNECT sb2api.servicechannel.com:443 HTTP/1.1\r\n${host}\r\n`,
      405,
      'method_not_supported',
      /no tunnel to sb2api.servicechannel.com:443\. Do not name it in HTTPS_PROXY: make http:\/\/localhost:\d+ the base URL/
    ],
    ['CONNECT a"b:443 HTTP/1.0\r\n\r\n', 400, 'bad_request', /percent-encoded/],
    [`TRACE /v3/x HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 405, 'method_not_supported', /TRACE/],
    [`OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request', /must begin with "\/"/],
    [`GET v3/x HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request', /percent-encoded/],
    [`GET /v3/x?$filter=Id eq 1 HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request', /a space must be written %20/],
    [`GET /v3/caf\xc3\xa9 HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request', /beyond ASCII percent-encoded/],
    [`GET /v3/caf\xe9 HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request', /beyond ASCII percent-encoded/],
    ['GET /v3/x HTTP/1.1\r\n\r\n', 400, 'bad_request', /no Host header/],
    [`GET /v3/x HTTP/1.2\r\n${host}\r\n`, 400, 'bad_request', /speaks HTTP\/1\.1 and HTTP\/1\.0/],
    [`GET /v3/x HTTP/2.0\r\n${host}\r\n`, 400, 'bad_request', /speaks HTTP\/1\.1 and HTTP\/1\.0/],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'bad_request', /speaks HTTP\/1\.1 and HTTP\/1\.0/],
    [`get /v3/x HTTP/1.1\r\n${host}\r\n`, 400, 'bad_request', /does not begin with a method/],
    [`GET /v3/x HTTP/1.1\r\n${host}x: ${'x'.repeat(140_000)}\r\n\r\n`, 431, 'headers_too_large', /128 KiB/]
  ]
  for (const address of proxy.addresses) {
    const ip = address.replace(/:\d+$/, '').replace(/[[\]]/g, '')
    for (const [request, status, code, detail] of cases) {
      const answer = await raw(proxy.port, Buffer.from(request, 'latin1'), undefined, ip)
      const name = `${JSON.stringify(request.split('\r\n', 1)[0])} at ${ip}`
      t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*x-sc-proxy-error: ${code}\r\n`), name)
      t.match(
        JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))),
        { status, code, detail, ErrorMessage: detail },
        name
      )
      t.match(answer, /\r\nx-request-id: [\w-]{20,64}\r\n/, name)
      t.match(answer, /\r\nx-sc-proxy-environment: mine\r\n/, name)
      t.match(answer, /\r\nserver-timing: queue;dur=0\.0, token;dur=0\.0, upstream;dur=0\.0\r\n/, name)
      if (status === 405) t.match(answer, /\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n/i, name)
    }
  }
  t.equal(servicechannel.arrivals.length + servicechannel.logins.length, 0)
})

t.test(
  'a client that speaks TLS to the plain port is let go cleanly, and the log says what it should change',
  async (t) => {
    const { proxy } = await open(t)
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false })
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    t.equal(error.code, 'ECONNRESET', 'Node says so of a close in the middle of a handshake')
    const hints = () => proxy.lines.filter((line) => /speaks TLS to port \d+, which is plain HTTP/.test(line))
    await until(() => hints().length > 0)
    t.equal(hints().length, 1)
    t.match(hints()[0], /base URL must begin with http:\/\//)

    const client = await converse(t, proxy.port)
    client.say(Buffer.from('16030100c8010000c40303', 'hex'))
    t.equal(await client.ended(), '', 'no plain text is sent into a handshake')
  }
)

t.test('what follows a request and is none does not become its answer', async (t) => {
  const held: (() => void)[] = []
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) => void held.push(() => whole(response, { own: true }))
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const client = await converse(t, proxy.port)
  client.say('POST /v3/pay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n\x01\x02 no request\r\n\r\n')
  await until(() => held.length === 1)
  client.say('more of it\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(client.heard(), '', 'the call is out, so nothing can be said yet')
  held[0]?.()
  const heard = await client.ended()
  t.match(heard, /^HTTP\/1\.1 200 OK[\s\S]*{"own":true}HTTP\/1\.1 400 /, 'first its own answer, then what was wrong')
  t.equal(count(heard, /HTTP\/1\.1/g), 2)
})

t.test('nothing is taken after a message that is the last by its own word', async (t) => {
  const { proxy, servicechannel } = await open(t)
  const second = 'DELETE /v3/second HTTP/1.1\r\nHost: localhost\r\n\r\n'
  for (const first of [
    'GET /v3/first HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET /v3/first HTTP/1.0\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: localhost\r\n\r\n'
  ]) {
    const answer = await raw(proxy.port, first + second)
    t.equal(count(answer, /HTTP\/1\.1 \d/g), 1, first)
  }
  t.notOk(servicechannel.arrivals.some(({ url }) => url === '/v3/second'))
})

t.test('a broken chunk is refused before the answer has begun, and ends the connection after', async (t) => {
  const servicechannel = await startServiceChannel(t)
  servicechannel.api.removeAllListeners('request').on('request', (request, response) => {
    request.on('error', () => {})
    if (request.url === '/v3/answers') response.writeHead(200).write('begun')
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const head = 'HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = `${(300_000).toString(16)}\r\n${'x'.repeat(300_000)}\r\n`

  const small = await raw(proxy.port, `POST /v3/x ${head}2\r\nhi\r\nzz\r\n`)
  t.match(small, /^HTTP\/1\.1 400 [\s\S]*x-sc-proxy-error: bad_request/)
  t.equal(servicechannel.arrivals.length, 0)

  const streamed = await converse(t, proxy.port)
  streamed.say(`POST /v3/waits ${head.replace('Host', 'X-Request-Id: mine-1\r\nHost')}${chunk}`)
  await until(() => proxy.open() === 2)
  streamed.say('zz\r\n')
  t.match(await streamed.ended(), /^HTTP\/1\.1 400 [\s\S]*x-request-id: mine-1\r\n/)

  const answered = await converse(t, proxy.port)
  answered.say(`POST /v3/answers ${head}${chunk}`)
  await answered.hears(/begun/)
  answered.say('zz\r\n')
  t.notMatch(await answered.ended(), /HTTP\/1\.1 400|0\r\n\r\n$/, 'half an answer is not completed with anything')
  await until(() => proxy.records.length === 3)
})

t.test('more headers than Node would keep all arrive, and the body with them', async (t) => {
  const { proxy, servicechannel } = await open(t)
  const many = Array.from({ length: 3000 }, (_, n) => `x-${n}: ${n}\r\n`).join('')
  for (const address of proxy.addresses) {
    const ip = address.replace(/:\d+$/, '').replace(/[[\]]/g, '')
    const request = `POST /v3/x HTTP/1.1\r\n${many}Connection: close\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi`
    t.match(await raw(proxy.port, request, undefined, ip), /^HTTP\/1\.1 200/, ip)
    const arrival = servicechannel.arrivals.at(-1)
    t.equal(arrival?.body.toString(), 'hi')
  }
})
