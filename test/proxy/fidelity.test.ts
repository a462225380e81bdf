import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { startServiceChannel } from '../support/servicechannel.js'

t.test('a call without credentials arrives with a token and comes back as it was answered', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  const response = await fetch(`${proxy.url}/v3/workorders?page=1`, { headers: { 'x-request-id': 'abc-1' } })
  t.equal(response.status, 200)
  t.same(await response.json(), { ok: true })
  t.equal(servicechannel.arrivals[0]?.headers.authorization, 'Bearer token-1')
  t.match(response.headers.get('server-timing'), /^queue;dur=[\d.]+, token;dur=[\d.]+, upstream;dur=[\d.]+$/)
  t.equal(response.headers.get('x-sc-proxy-environment'), 'mine')
  t.equal(response.headers.get('x-request-id'), 'abc-1')
})

t.test('a call whose client names none gets an id of its own', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxies = await Promise.all([1, 2].map(() => startProxy(t, { environment: servicechannel })))
  const ids = new Set<string>()
  for (const { url, records } of [...proxies, ...proxies]) {
    const id = (await fetch(`${url}/v3/workorders`)).headers.get('x-request-id') ?? ''
    t.match(id, /^[\w-]{20,64}$/)
    t.equal(records.at(-1)?.id, id)
    ids.add(id)
  }
  t.equal(ids.size, 4)
})

t.test('targets arrive byte for byte, however odd', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  const targets = [
    '/v3/odata/workactivities/Service.ForTimeInterval(dtMin=2026-01-01,%20dtMax=x,userId=1)',
    '/v3/odata//workorders(1)/notes?$filter=Status/Primary%20eq%20%27OPEN%27&$top=1&$top=2',
    '//v3/workorders',
    '/v3/%2e%2e/workorders/../x/./y',
    '/v3/a%2Fb/%E9/%zz?x=%E9&&y=1?z',
    '/v3/"quoted"<x>|^`{}',
    '/...',
    '/?',
    `/v3/odata/locations?$filter=${'a'.repeat(60_000)}`
  ]
  for (const target of targets) {
    const answer = await raw(proxy.port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 200 OK\r\n/, target.slice(0, 60))
    t.equal(servicechannel.arrivals.at(-1)?.url, target)
  }
})

t.test('bodies arrive byte for byte, whatever their type, method and framing', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  const latin1 = Buffer.from('caf\xe9 \xff\x00', 'latin1')
  const cases: [string, string, Buffer, string][] = [
    ['POST', 'content-type: text/plain; charset=iso-8859-1', latin1, 'latin-1 text keeps its bytes'],
    ['POST', 'content-type: application/json', Buffer.from('{not json'), 'invalid JSON is not our business'],
    ['POST', 'content-type: ;;;', latin1, 'a malformed content type passes'],
    ['POST', 'x-none: 1', latin1, 'no content type at all'],
    [
      'POST',
      'content-type: multipart/form-data; boundary="x y"',
      Buffer.from('--x y\r\n\r\nv\r\n--x y--'),
      'multipart'
    ],
    ['GET', 'content-type: application/json', Buffer.from('{"a":1}'), 'GET with a body'],
    ['DELETE', 'content-type: application/json', Buffer.from('{"a":2}'), 'DELETE with a body'],
    ['PUT', 'content-type: application/json', Buffer.alloc(0), 'PUT with an empty body'],
    ['PATCH', 'content-type: application/xml', Buffer.from('<a/>'), 'PATCH with XML'],
    ['POST', 'content-type: application/octet-stream', Buffer.alloc(256 * 1024 - 1, 7), 'just below the replay limit'],
    ['POST', 'content-type: application/octet-stream', Buffer.alloc(256 * 1024 + 1, 8), 'just above the replay limit']
  ]
  for (const [method, header, body, name] of cases) {
    const type = header.startsWith('content-type: ') ? header.slice(14) : undefined
    const head = `${method} /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n`
    const framed = Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body])
    t.match(await raw(proxy.port, framed), /^HTTP\/1\.1 200/, `${name}, by length`)
    t.ok(servicechannel.arrivals.at(-1)?.body.equals(body), `${name}: the same bytes`)
    t.equal(servicechannel.arrivals.at(-1)?.method, method)
    t.equal(servicechannel.arrivals.at(-1)?.headers['content-type'], type)

    const pieces = [body.subarray(0, 5), body.subarray(5)].filter((piece) => piece.length > 0)
    const chunks = pieces.map((piece) =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
    )
    const chunked = Buffer.concat([
      Buffer.from(`${head}transfer-encoding: chunked\r\n\r\n`),
      ...chunks,
      Buffer.from('0\r\n\r\n')
    ])
    t.match(await raw(proxy.port, chunked), /^HTTP\/1\.1 200/, `${name}, chunked`)
    t.ok(servicechannel.arrivals.at(-1)?.body.equals(body), `${name}: the same bytes when chunked`)
  }
})

t.test('an upload with Expect: 100-continue is told to go on and arrives without the expectation', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  const answer = await raw(
    proxy.port,
    'POST /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi'
  )
  t.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  t.equal(servicechannel.arrivals[0]?.headers.expect, undefined)
  const unknown = await raw(
    proxy.port,
    'POST /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: a-miracle\r\nContent-Length: 0\r\n\r\n'
  )
  t.match(unknown, /^HTTP\/1\.1 417/)
  t.equal(servicechannel.arrivals.length, 1)
})

t.test('HTTP/1.0 and Connection: close end the connection after the answer; keep-alive keeps it', async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) =>
      response.writeHead(200, { connection: 'close', 'keep-alive': 'timeout=1', 'x-own': 'yes' }).end('hi')
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const old = await raw(proxy.port, 'GET /v3/x HTTP/1.0\r\n\r\n')
  t.match(old, /^HTTP\/1\.1 200 OK\r\n/, 'no Host is needed in HTTP/1.0')
  t.match(old, /\r\n\r\nhi$/, 'not chunked, since HTTP/1.0 does not know chunks')
  const closing = await raw(proxy.port, 'GET /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  t.match(closing, /connection: close/i)
  const kept = await raw(
    proxy.port,
    'GET /v3/x HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v3/x HTTP/1.1\r\nHost: localhost\r\n\r\n',
    /(hi[\s\S]*){2}/
  )
  t.equal(kept.match(/HTTP\/1\.1 200/g)?.length, 2, "the API closing its connection does not close the client's")
})

t.test('answers keep status, reason, repeated headers, letters and coding', async (t) => {
  const servicechannel = await startServiceChannel(t, {
    answer: (_request, response) => {
      response.socket?.end(
        'HTTP/1.1 299 Quite Fine\r\nX-One: 1\r\nX-One: 2\r\nContent-Encoding: gzip\r\nX-Latin: caf\xe9\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00',
        'latin1'
      )
    }
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const answer = await raw(proxy.port, 'GET /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  t.match(
    answer,
    /^HTTP\/1\.1 299 Quite Fine\r\nX-One: 1\r\nX-One: 2\r\nContent-Encoding: gzip\r\nX-Latin: caf\xe9\r\nContent-Length: 3\r\n/
  )
  t.ok(answer.endsWith('\r\n\r\n\x1f\x8b\x00'))
})

t.test('HEAD, 204 and 304 come back whole, with the lengths they state, and reuse the connection', async (t) => {
  const sockets = new Set<unknown>()
  const servicechannel = await startServiceChannel(t, {
    answer: (request, response) => {
      sockets.add(request.socket)
      const status = Number(request.url?.slice(1)) || 200
      if (status === 304)
        response.socket?.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 120\r\nETag: "x"\r\n\r\n')
      else
        response
          .writeHead(status, status === 204 ? {} : { 'content-length': 5 })
          .end(status === 204 ? undefined : 'hello')
    }
  })
  const proxy = await startProxy(t, { environment: servicechannel })
  const ask = (method: string, path: string) =>
    raw(proxy.port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  t.match(await ask('HEAD', '/200'), /^HTTP\/1\.1 200 [\s\S]*content-length: 5\r\n[\s\S]*\r\n\r\n$/)
  t.match(await ask('GET', '/200'), /hello$/)
  t.match(await ask('HEAD', '/200'), /^HTTP\/1\.1 200/)
  t.equal(sockets.size, 1, 'HEAD does not cost the connection')
  t.match(await ask('GET', '/204'), /^HTTP\/1\.1 204 [\s\S]*\r\n\r\n$/)
  t.match(
    await ask('GET', '/304'),
    /^HTTP\/1\.1 304 [\s\S]*Content-Length: 120\r\n[\s\S]*\r\n\r\n$/,
    'a 304 may state the length of what it did not send'
  )
})

t.test('what cannot be a request is refused in one sentence, as a problem document', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  const cases: [string, number, string][] = [
    ['GET /v3/x?$filter=Id eq 1 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, 'bad_request'],
    [
      'GET /v3/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'bad_request'
    ],
    [`GET /v3/x HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'x'.repeat(140_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['PROPFIND /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 405, 'method_not_supported'],
    ['OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
    ['GET /v3/x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400, 'bad_request']
  ]
  for (const [request, status, code] of cases) {
    const answer = await raw(proxy.port, request)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*x-sc-proxy-error: ${code}\r\n`), request.slice(0, 40))
    t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), {
      type: `urn:sc-proxy:problem:${code}`,
      status,
      code,
      title: String,
      detail: String,
      ErrorMessage: String
    })
  }
  t.equal(servicechannel.arrivals.length + servicechannel.logins.length, 0)
})
