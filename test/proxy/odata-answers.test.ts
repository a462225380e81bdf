import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { endOfHead, startWire } from '../support/wire.js'

/** A proxy before an API that answers each request on one OData route with these raw bytes. */
async function open(t: Test, listener = {}) {
  const api = { answer: '', heard: '' }
  const wire = await startWire(t, (line, piece) => {
    if (!endOfHead.test(piece)) return
    api.heard = piece
    line.say(api.answer)
  })
  const proxy = await startProxy(t, { environment: wire, listener })
  const ask = (head: string, answer: string, request = 'GET /v3/odata/workorders HTTP/1.1', host = '127.0.0.1') => {
    api.answer = answer
    return raw(proxy.port, Buffer.from(`${request}\r\n${head}Connection: close\r\n\r\n`, 'latin1'), undefined, host)
  }
  return { api, proxy, wire, ask }
}

const jsonAnswer = (body: string, head = '', status = '200 OK') =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const dechunked = (answer: string) => bodyOf(answer).replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n(?:\r\n$)?/g, '')

t.test('links lead to the listener under the name it was reached by', async (t) => {
  const { ask, proxy, wire } = await open(t, { allowedHosts: ['proxy.internal'] })
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nLocation: ${wire.apiUrl}/v3/l\r\nContent-Length: ${wire.apiUrl.length + 21}\r\n\r\n{"@odata.id":"${wire.apiUrl}/v3/x"}`
  const cases: [string, string, string?][] = [
    [`Host: localhost:${proxy.port}\r\n`, `http://localhost:${proxy.port}`],
    [`Host: 127.0.0.1:${proxy.port}\r\n`, `http://127.0.0.1:${proxy.port}`],
    ['Host: proxy.internal\r\n', 'http://proxy.internal'],
    ['Host: PROXY.internal:9000\r\n', 'http://PROXY.internal:9000']
  ]
  for (const [head, origin] of cases) {
    const got = await ask(head, answer)
    t.equal(dechunked(got), `{"@odata.id":"${origin}/v3/x"}`)
    t.ok(got.includes(`\r\nLocation: ${origin}/v3/l\r\n`), origin)
  }
  if (proxy.addresses.length > 1) {
    const got = await ask(`Host: [::1]:${proxy.port}\r\n`, answer, undefined, '::1')
    t.equal(dechunked(got), `{"@odata.id":"http://[::1]:${proxy.port}/v3/x"}`)
    t.ok((await ask('', answer, 'GET /v3/odata/x HTTP/1.0', '::1')).includes(`"http://[::1]:${proxy.port}/v3/x"`))
  }
  const bare = await ask('', answer, 'GET /v3/odata/x HTTP/1.0')
  t.ok(bare.includes(`"http://127.0.0.1:${proxy.port}/v3/x"`), 'without a Host by its address')
  const absolute = await ask('Host: ignored\r\n', answer, `GET ${wire.apiUrl}/v3/odata/x HTTP/1.1`)
  t.ok(dechunked(absolute).includes(`"http://127.0.0.1:${proxy.port}/v3/x"`), 'as a forward proxy by its address')
})

t.test('every coding that can be read is, and any other is delivered as it is', async (t) => {
  const { ask, wire } = await open(t)
  const json = `{"@odata.id":"${wire.apiUrl}/v3/x","Nte":250.0}`
  const coded = (coding: string, bytes: Buffer | string, head = '') => {
    const body = typeof bytes === 'string' ? bytes : bytes.toString('latin1')
    return jsonAnswer(body, `Content-Encoding: ${coding}\r\nContent-MD5: x\r\nAccept-Ranges: bytes\r\n${head}`)
  }
  const codings: [string, Buffer][] = [
    ['gzip', gzipSync(json)],
    ['X-GZip', gzipSync(json)],
    ['br', brotliCompressSync(json)],
    ['deflate', deflateSync(json)],
    ['deflate', deflateRawSync(json)],
    ['deflate', deflateRawSync(json, { level: 0 })],
    ['identity', Buffer.from(json)]
  ]
  for (const [coding, bytes] of codings) {
    const got = await ask('Host: localhost\r\n', coded(coding, bytes))
    t.match(dechunked(got), '{"@odata.id":"http://localhost/v3/x","Nte":250.0}', coding)
    t.notMatch(
      got,
      /content-encoding|content-length|content-md5|accept-ranges/i,
      'what was true of other bytes is not said'
    )
  }
  for (const coding of ['zstd', 'gzip, br', 'constructor', 'toString', '__proto__']) {
    const got = await ask('Host: localhost\r\n', coded(coding, `(\xb5/\xfd "${wire.apiUrl}/`))
    t.match(
      got,
      new RegExp(`Content-Encoding: ${coding}\r\nContent-MD5: x\r\nAccept-Ranges: bytes\r\nContent-Length: \\d+\r\n`),
      coding
    )
    t.match(bodyOf(got), /^\(\xb5\/\xfd "https:\/\/localhost:\d+\/$/)
  }
  t.match(dechunked(await ask('Host: localhost\r\n', coded('gzip', ''))), /^$/, 'nothing, said to be gzip')
  t.match(dechunked(await ask('Host: localhost\r\n', coded('deflate', ''))), /^$/, 'nothing, said to be deflate')
  const cut = await ask('Host: localhost\r\n', coded('gzip', gzipSync(json).subarray(0, 20)))
  t.notMatch(cut, /0\r\n\r\n$/, 'half a text is not passed off as a whole one')
})

t.test('answers without a body say nothing that is not true of the text with our links', async (t) => {
  const { ask } = await open(t)
  const head = 'Content-Encoding: gzip\r\nETag: "e"\r\n'
  const asked = await ask(
    'Host: localhost\r\n',
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${head}Content-Length: 77\r\n\r\n`,
    'HEAD /v3/odata/workorders HTTP/1.1'
  )
  t.match(asked, /^HTTP\/1\.1 200 OK\r\n[\s\S]*ETag: "e"\r\n[\s\S]*\r\n\r\n$/)
  t.notMatch(asked, /content-length|content-encoding/i, 'HEAD')
  for (const status of ['304 Not Modified', '204 No Content']) {
    const got = await ask(
      'Host: localhost\r\nIf-None-Match: "e"\r\n',
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${head}\r\n`
    )
    t.match(got, new RegExp(`^HTTP/1\\.1 ${status}\r\n[\\s\\S]*ETag: "e"\r\n[\\s\\S]*\r\n\r\n$`), status)
  }
})

t.test('a part of a text cannot be had where links are replaced: its places would shift', async (t) => {
  const { ask, api, wire } = await open(t)
  const head = 'Host: localhost\r\nRange: bytes=0-9\r\nIf-Range: "e"\r\n'
  await ask(head, jsonAnswer('{}'))
  t.notMatch(api.heard, /range/i, 'the whole is asked for, as is always allowed (RFC 9110 §14.2)')
  const part = `"@odata.id":"${wire.apiUrl}/v3/x"`
  const got = await ask(head, jsonAnswer(part, 'Content-Range: bytes 1-99/100\r\n', '206 Partial Content'))
  t.match(
    got,
    /Content-Range: bytes 1-99\/100\r\n[\s\S]*"@odata.id":"https:\/\/localhost:\d+\/v3\/x"$/,
    'a part that comes all the same is left as it is'
  )
  await ask(head, jsonAnswer('{}'), 'GET /v3/attachments/1 HTTP/1.1')
  t.match(api.heard, /Range: bytes=0-9\r\nIf-Range: "e"\r\n/, 'other routes have their ranges')
})

t.test('text in another charset keeps its bytes', async (t) => {
  const { ask } = await open(t)
  const utf16 = Buffer.from('\ufeff{"@odata.id":"https://sb2api.servicechannel.com/é"}', 'utf16le').toString('latin1')
  for (const [type, body] of [
    ['application/json; charset=utf-16', utf16],
    ['application/json; charset=iso-8859-1', '{"Name":"caf\xe9 \xa4 \x80\xff"}'],
    ['application/json; charset=shift_jis', '{"Name":"\x83\x5c\x83\x5c"}'],
    ['application/json', '\xef\xbb\xbf{"Name":"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x94\xa7","Broken":"\xc3\x28"}']
  ] as const) {
    const got = await ask(
      'Host: localhost\r\n',
      jsonAnswer(body).replace('application/json', type),
      'GET /v3/odata/x HTTP/1.0'
    )
    t.equal(bodyOf(got), body, type)
  }
})
