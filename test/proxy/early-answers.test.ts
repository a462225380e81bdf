import t, { type Test } from 'tap'
import { type Conversation, converse } from '../support/conversation.js'
import { startProxy } from '../support/proxy.js'
import { type Line, okWith, startWire } from '../support/wire.js'

/** Both sides of the size up to which a body is kept, and far beyond what sockets hold. */
const sizes = [1_000, 250_000, 300_000, 6_000_000]

const no = 'no'.repeat(200_000)
const answer = `HTTP/1.1 413 Too Large\r\nContent-Length: 400000\r\n\r\n${no}`

/** An API that does `act` once it has the head of an upload, and answers everything else. */
async function open(t: Test, act: (line: Line) => void) {
  const wire = await startWire(t, (line, piece) => {
    if (/(?:^|\n)POST /.test(piece)) act(line)
    // The end of a chunked body looks like the end of a head, too.
    if (/(?:^|\n)GET /.test(piece)) line.say(okWith('ok'))
  })
  return { wire, proxy: await startProxy(t, { environment: wire }) }
}

/** Sends all of a body before it looks for an answer, as most clients do. */
async function upload(client: Conversation, size: number, framing: 'length' | 'chunks'): Promise<void> {
  const header = framing === 'length' ? `Content-Length: ${size}` : 'Transfer-Encoding: chunked'
  client.say(`POST /v3/upload HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`)
  for (let sent = 0; sent < size; sent += 50_000) {
    const piece = Buffer.alloc(Math.min(50_000, size - sent), 97)
    const before = framing === 'length' ? '' : `${piece.length.toString(16)}\r\n`
    client.say(before)
    client.say(piece)
    if (framing === 'chunks') client.say('\r\n')
    await new Promise<void>((resolve) => {
      if (client.socket.writableNeedDrain) client.socket.once('drain', resolve).once('close', resolve)
      else resolve()
    })
  }
  if (framing === 'chunks') client.say('0\r\n\r\n')
}

async function checkNext(t: Test, client: Conversation, name: string): Promise<void> {
  client.say('GET /v3/next HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.match(await client.hears(/\r\n\r\nok$/), /HTTP\/1\.1 200 OK/, `${name}: the next request is answered`)
}

t.test('an answer to an upload that is still running arrives whole, and the next request after it', async (t) => {
  const { proxy } = await open(t, (line) => line.say(answer))
  for (const size of sizes) {
    for (const framing of ['length', 'chunks'] as const) {
      const name = `${size} bytes by ${framing}`
      const client = await converse(t, proxy.port)
      await upload(client, size, framing)
      t.match(await client.hears(no), /^HTTP\/1\.1 413 Too Large\r\n/, name)
      await checkNext(t, client, name)
    }
  }
  t.equal(proxy.records.filter(({ status }) => status === 413).length, 8)
  t.ok(proxy.records.every(({ problem }) => problem === undefined))
})

t.test('so it does when the API closes its connection behind the answer without reading on', async (t) => {
  const { proxy } = await open(t, (line) => {
    line.socket.pause()
    line.socket.end(Buffer.from(answer.replace('\r\n', '\r\nConnection: close\r\n')))
  })
  for (const size of sizes) {
    const client = await converse(t, proxy.port)
    await upload(client, size, 'length')
    t.match(await client.hears(no), /^HTTP\/1\.1 413 Too Large\r\n/, `${size} bytes`)
    await checkNext(t, client, `${size} bytes`)
  }
})

t.test('a client that waits for its answer in the middle of its upload has it there', async (t) => {
  const { proxy } = await open(t, (line) => line.say(answer))
  const client = await converse(t, proxy.port)
  client.say(`POST /v3/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n${'a'.repeat(400_000)}`)
  await client.hears(no)
  client.say('a'.repeat(600_000))
  await checkNext(t, client, 'then it goes on')
})

t.test(
  'an API that drops the connection in the middle of an upload is told of, once, and the next request works',
  async (t) => {
    const { proxy, wire } = await open(t, (line) => line.socket.destroy())
    for (const size of sizes) {
      const client = await converse(t, proxy.port)
      await upload(client, size, 'length')
      const heard = await client.hears('may or may not have been carried out."}\n')
      t.match(heard, /^HTTP\/1\.1 502 [\s\S]*x-sc-proxy-error: upstream_dropped/, `${size} bytes`)
      await checkNext(t, client, `${size} bytes`)
    }
    t.equal(wire.lines.filter(({ heard }) => heard.includes('POST ')).length, sizes.length, 'no upload was sent twice')
  }
)

t.test('an upload that is refused before it is sent is read past, whoever refuses it', async (t) => {
  const { proxy, wire } = await open(t, (line) => line.say(answer))
  const unreachable = await startProxy(t, { environment: { ...wire, apiUrl: 'https://localhost:1' } })
  const readOnly = await startProxy(t, { environment: wire, listener: { access: 'read-only' } })
  proxy.limiter.drain(0)
  for (const [port, code] of [
    [unreachable.port, 'upstream_unreachable'],
    [readOnly.port, 'read_only'],
    [proxy.port, 'draining']
  ] as const) {
    for (const size of sizes) {
      const client = await converse(t, port)
      await upload(client, size, 'length')
      await client.hears(new RegExp(`x-sc-proxy-error: ${code}[\\s\\S]*}\n$`))
      if (code === 'draining') continue
      client.say('GET /v3/next HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await client.hears(code === 'read_only' ? /\r\n\r\nok$/ : /(x-sc-proxy-error[\s\S]*){2}}\n$/)
      t.pass(`${code}, ${size} bytes: the next request is answered`)
    }
  }
})
