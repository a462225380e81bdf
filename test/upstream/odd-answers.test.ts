import t, { type Test } from 'tap'
import { converse } from '../support/conversation.js'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { endOfHead, type Line, okWith, startWire } from '../support/wire.js'

/** A proxy before an API that answers every request with what `answer` says. */
async function open(t: Test) {
  const api = { answer: (line: Line): void => line.say(okWith('ok')) }
  const wire = await startWire(t, (line, piece) => {
    if (endOfHead.test(piece)) api.answer(line)
  })
  const proxy = await startProxy(t, { environment: wire })
  const ask = (answer: string | ((line: Line) => void), request = 'GET /v3/x HTTP/1.1', head = '') => {
    api.answer = typeof answer === 'string' ? (line) => line.say(answer) : answer
    return raw(proxy.port, `${request}\r\nHost: localhost\r\nConnection: close\r\n${head}\r\n`)
  }
  return { wire, proxy, ask, api }
}

t.test('interim answers nobody asked for do not keep the answer from its client', async (t) => {
  const { wire, ask, proxy } = await open(t)
  const later =
    (...pieces: string[]) =>
    (line: Line) => {
      const [piece, ...rest] = pieces
      if (piece === undefined) return
      line.say(piece)
      setTimeout(() => later(...rest)(line), 15)
    }
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n'
  const answers: [string, string | ((line: Line) => void)][] = [
    ['100 in front', interim + okWith('ok')],
    ['100 with headers', `HTTP/1.1 100 Continue\r\nX-Slow: yes\r\n\r\n${okWith('ok')}`],
    ['100 by itself first', later(interim, okWith('ok'))],
    ['100 cut anywhere', later('HTTP', '/1.1 10', '0 Continue\r', '\n\r', '\nHTTP/1.1 ', okWith('ok').slice(9))],
    ['100 twice, then 102', `${interim}${interim}HTTP/1.1 102 Processing\r\n\r\n${okWith('ok')}`],
    ['103', `HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n${okWith('ok')}`],
    ['an answer that is about 100s', okWith('ok', 'X: HTTP/1.1 100 Continue\r\n')]
  ]
  for (const [name, answer] of answers) {
    for (const request of ['GET /v3/x HTTP/1.1', 'POST /v3/x HTTP/1.1']) {
      const got = await ask(answer, request, request.startsWith('POST') ? 'Content-Length: 0\r\n' : '')
      t.match(got, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/, `${name}: ${request.slice(0, 4)}`)
    }
  }
  t.equal(wire.lines.length, 1, 'none cost the connection')
  t.ok(proxy.records.every(({ attempts }) => attempts === 1))
  const body = `${interim}and more`
  t.ok(
    (await ask(later('HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n', body))).endsWith(body),
    'a body may look like one'
  )
})

t.test('a reason phrase Node would not write costs its letters, not the answer', async (t) => {
  const { ask } = await open(t)
  const answer = (reason: string) => `HTTP/1.1 200 ${reason}\r\nContent-Length: 2\r\n\r\nok`
  t.match(
    await ask(answer('In Ordnung: \xc3\xbc')),
    /^HTTP\/1\.1 200 In Ordnung: \xc3\xbc\r\n[\s\S]*ok$/,
    'UTF-8 passes'
  )
  t.match(await ask(answer('caf\xe9')), /^HTTP\/1\.1 200 caf\?\r\n[\s\S]*ok$/)
  t.match(await ask(answer('a\x01b')), /^HTTP\/1\.1 200 ab\r\n[\s\S]*ok$/)
  t.match(await ask(answer('\xe2\x82\xac')), /^HTTP\/1\.1 200 \xe2\x82\xac\r\n[\s\S]*ok$/)
  t.match(await ask('HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok'), /^HTTP\/1\.1 200 \r\n[\s\S]*ok$/)
})

t.test('what is not HTTP, or may be read in two ways, is a 502 that says so', async (t) => {
  const { ask } = await open(t)
  const answers: Record<string, string> = {
    'status 099': 'HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok',
    'status 1000': 'HTTP/1.1 1000 Odd\r\nContent-Length: 2\r\n\r\nok',
    'no HTTP at all': 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n',
    'a control character': okWith('ok', 'X: a\x01b\r\n'),
    NUL: okWith('ok', 'X: a\0b\r\n'),
    'a lone CR': okWith('ok', 'X: a\rSet-Cookie: b\r\n'),
    'a lone LF': okWith('ok', 'X: a\nY: b\r\n'),
    'a folded line': okWith('ok', 'X: a\r\n b\r\n'),
    'a space before the colon': okWith('ok', 'X : a\r\n'),
    'a name that is no token': okWith('ok', 'X(y): a\r\n'),
    'no name': okWith('ok', ': a\r\n'),
    'length and chunks': okWith('2\r\nok\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n'),
    'a coding nobody asked for': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'an unknown coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\nok',
    'two lengths': okWith('ok', 'Content-Length: 2\r\n'),
    'two lengths that differ': okWith('ok', 'Content-Length: 1\r\n'),
    'a list of lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok',
    'a length beyond all bounds': 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok',
    'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok',
    'a head without end': `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`
  }
  for (const [name, answer] of Object.entries(answers)) {
    const got = await ask(answer)
    t.match(got, /^HTTP\/1\.1 502 [\s\S]*x-sc-proxy-error: upstream_invalid\r\n/, name)
    t.notMatch(got, /\r\n(set-cookie|y): b/i, `${name}: nothing of it gets through`)
  }
})

t.test('no answer can plant another: bytes after it belong to nobody', async (t) => {
  const { ask, api, wire, proxy } = await open(t)
  const planted = okWith('planted', 'X-Planted: 1\r\n')
  const answers: [string, string, string][] = [
    ['a second answer', 'GET /v3/x HTTP/1.1', okWith('ok') + planted],
    [
      'the body of a HEAD',
      'HEAD /v3/x HTTP/1.1',
      `HTTP/1.1 200 OK\r\nContent-Length: ${planted.length}\r\n\r\n${planted}`
    ],
    ['the body of a 204', 'GET /v3/x HTTP/1.1', `HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n${planted}`],
    ['the body of a 304', 'GET /v3/x HTTP/1.1', `HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n${planted}`],
    [
      'after the last chunk',
      'GET /v3/x HTTP/1.1',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${planted}`
    ]
  ]
  for (const [name, request, answer] of answers) {
    t.notMatch(await ask(answer, request), /X-Planted/, name)
    t.match(await ask(okWith('own')), /\r\n\r\nown$/, `${name}: the next call gets its own answer`)
  }
  t.ok(wire.lines.length > 1, 'a connection with too much on it is given up')

  // The bytes come while the connection rests.
  const quiet = await converse(t, proxy.port)
  api.answer = (line) => {
    line.say(okWith('first'))
    setTimeout(() => line.say(planted), 20)
  }
  quiet.say('GET /v3/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await quiet.hears(/first$/)
  await new Promise((resolve) => setTimeout(resolve, 60))
  api.answer = (line) => line.say(okWith('second'))
  quiet.say('GET /v3/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.notMatch(await quiet.hears(/second$/), /planted/)
})

t.test('what the proxy says of itself, and which pages may read, no answer of the API can say', async (t) => {
  const { ask } = await open(t)
  const got = await ask(
    okWith(
      'ok',
      'X-SC-Proxy-Error: forged\r\nX-Request-ID: forged\r\nx-sc-proxy-environment: forged\r\nServer-Timing: db;dur=5\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: forged\r\n'
    )
  )
  t.notMatch(got, /forged|access-control/i)
  t.equal(got.match(/x-request-id/gi)?.length, 1)
  t.match(got, /\r\nServer-Timing: db;dur=5\r\n/, 'its own timing stands beside ours')
})

t.test('trailers go to a client that can take them, and are dropped cleanly for all others', async (t) => {
  const { ask } = await open(t)
  const answer =
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: caf\xe9\r\nX-Sum: two\r\nSet-Cookie: a=CANARY\r\nContent-Type: text/CANARY\r\nX-SC-Proxy-Error: CANARY\r\n\r\n'
  const chunks = '\r\n\r\n2\r\nok\r\n0\r\n'
  const got = await ask(answer, undefined, 'TE: trailers, deflate;q=0.5\r\n')
  t.ok(got.endsWith(`${chunks}X-Sum: caf\xe9\r\nX-Sum: two\r\n\r\n`), 'byte for byte, repetitions too')
  t.notMatch(got, /CANARY/, 'but none that would count as a header of the answer')
  t.ok((await ask(answer)).endsWith(`${chunks}\r\n`), 'not asked for')
  t.ok((await ask(answer, undefined, 'TE: xtrailers\r\n')).endsWith(`${chunks}\r\n`), 'something else was asked for')
  t.ok((await ask(answer, 'GET /v3/x HTTP/1.0', 'TE: trailers\r\n')).endsWith('\r\n\r\nok'), 'HTTP/1.0 has none')
  t.match(await ask(answer, 'HEAD /v3/x HTTP/1.1', 'TE: trailers\r\n'), /\r\n\r\n$/)
})

t.test('each event of a stream arrives before the next is sent, and its head before the first', async (t) => {
  const { api, proxy } = await open(t)
  let line: Line | undefined
  api.answer = (asked) => {
    line = asked
    asked.say('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
  }
  const client = await converse(t, proxy.port)
  client.say('GET /v3/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  t.match(await client.hears(endOfHead), /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n$/, 'the head does not wait for an event')
  for (const n of [1, 2, 3]) {
    const event = `data: ${n}\n\n`
    line?.say(`${event.length.toString(16)}\r\n${event}\r\n`)
    t.ok((await client.hears(new RegExp(`data: ${n}`))).endsWith(`${event}\r\n`))
  }
  line?.say('0\r\n\r\n')
  await client.hears(/\r\n0\r\n\r\n$/)
})
