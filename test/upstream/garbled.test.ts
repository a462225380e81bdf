import t from 'tap'
import { createAgent } from '../../src/upstream/agent.js'
import { createSend } from '../../src/upstream/send.js'
import { startProxy } from '../support/proxy.js'
import { raw } from '../support/raw.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { startTlsServer } from '../support/tls-server.js'
import { until } from '../support/until.js'

const ok = 'Content-Length: 2\r\n\r\nok'
const invalid = { status: 502, code: 'upstream_invalid', detail: /may or may not have been carried out/ }

/** A proxy in front of a server that says exactly these bytes, and then hangs up. */
async function startBabbler(t: import('tap').Test) {
  const honest = await startServiceChannel(t)
  const babble: { next: string | Buffer; requests: number } = { next: '', requests: 0 }
  const server = await startTlsServer(t, honest, (socket) => {
    babble.requests++
    socket.end(babble.next)
  })
  const proxy = await startProxy(t, {
    environment: { apiUrl: server.url, loginUrl: honest.loginUrl, ca: honest.ca },
    timeouts: { connectSeconds: 1, headersSeconds: 1, bodySeconds: 1, loginSeconds: 5 }
  })
  return { babble, proxy }
}

t.test('what is not HTTP/1.1 is told as such, and asked for once, whatever the method', async (t) => {
  const { babble, proxy } = await startBabbler(t)
  const answers: Record<string, string> = {
    'HTTP/0.9': '<html>hello</html>',
    'no status': 'HTTP/1.1 OK\r\n\r\n',
    'a status of four digits': `HTTP/1.1 2000 OK\r\n${ok}`,
    'a status below 100': `HTTP/1.1 099 OK\r\n${ok}`,
    'a header without a colon': `HTTP/1.1 200 OK\r\nfoo\r\n${ok}`,
    'a header with a zero byte': `HTTP/1.1 200 OK\r\nX-A: a\0b\r\n${ok}`,
    'a header with a control character': `HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\n${ok}`,
    'lines without a carriage return': `HTTP/1.1 200 OK\n${ok}`,
    'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok',
    'two lengths': `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${ok}`,
    'a length and chunks': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${ok}`,
    'a header of 70 kB': `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\n${ok}`,
    'a head of 3000 lines': `HTTP/1.1 200 OK\r\n${`X-A: ${'a'.repeat(30)}\r\n`.repeat(3000)}${ok}`
  }
  for (const [name, answer] of Object.entries(answers)) {
    babble.next = answer
    for (const method of ['POST', 'GET']) {
      babble.requests = 0
      t.match(await (await fetch(`${proxy.url}/v3/x`, { method })).json(), invalid, `${name}, ${method}`)
      t.equal(babble.requests, 1, `${name}, ${method}`)
    }
  }
})

t.test('what is odd and yet HTTP is handed on as it came', async (t) => {
  const { babble, proxy } = await startBabbler(t)
  const ask = () => raw(proxy.port, 'GET /v3/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  for (const head of [
    'HTTP/1.1 600 Strange',
    'HTTP/1.1 999 ',
    'HTTP/1.1 200 Gr\xc3\xb6\xc3\x9fe \xe2\x82\xac', // UTF-8
    'HTTP/1.1 200 OK\r\nX-A: Gr\xf6\xdfe'
  ]) {
    babble.next = Buffer.from(`${head}\r\n${ok}`, 'latin1')
    const answer = await ask()
    t.equal(answer.slice(0, head.length + 2), `${head}\r\n`)
    t.ok(answer.endsWith('\r\n\r\nok'))
  }
  babble.next = Buffer.from(`HTTP/1.1 200 Gr\xf6\xdfe\r\n${ok}`, 'latin1')
  t.match(await ask(), /^HTTP\/1\.1 200 Gr.*\r\n[\s\S]*\r\n\r\nok$/, 'a reason in latin1 may lose its letters')
  babble.next = `HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\n${ok}`
  t.match(await ask(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/, 'provisional answers are left out')
})

t.test('an answer that turns into garbage breaks off, and the next call is not harmed', async (t) => {
  const { babble, proxy } = await startBabbler(t)
  const ask = () => fetch(`${proxy.url}/v3/x`).then((answer) => answer.text())
  for (const rest of ['4\r\nhalf\r\nnonsense\r\n', '4\r\nhalf\r\n']) {
    babble.next = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${rest}`
    await t.rejects(ask())
  }
  babble.next = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'
  await t.rejects(ask())
  await until(() => proxy.records.length === 3)
  for (const record of proxy.records) t.match(record, { status: 200, problem: 'upstream_dropped' })
  babble.next = `HTTP/1.1 200 OK\r\n${ok}`
  t.equal(await ask(), 'ok')
  t.notMatch(proxy.lines.join(''), /does not know/)
})

t.test(
  'an answer that breaks off before anybody reads it is an error of whoever reads, and of nobody else',
  async (t) => {
    const { ca, cert, key } = await startServiceChannel(t)
    const server = await startTlsServer(t, { cert, key }, (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    )
    const agent = createAgent({
      tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
      ca,
      timeouts: { connectSeconds: 1, headersSeconds: 1, bodySeconds: 1 },
      connections: 1
    })
    t.teardown(() => agent.destroy())
    let released = 0
    const answer = await createSend(
      agent,
      server.url
    )({
      method: 'GET',
      target: '/',
      headers: [],
      payload: undefined,
      signal: new AbortController().signal,
      release: () => released++
    })
    for (const socket of server.sockets) socket.destroy()
    await until(() => answer.body.destroyed)
    await t.rejects(answer.body.toArray())
    t.ok(released > 0, 'its connection is given back')
  }
)
