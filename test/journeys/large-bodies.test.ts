import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { credentials, startServiceChannel } from '../support/servicechannel.js'
import { startProxy } from './support/proxy.js'

const MiB = 2 ** 20
/** More than the proxy may take in memory, and done in seconds on a small machine. */
const size = 256 * MiB
/** What the resident memory of the process may grow by. Buffering the body would take its whole size. */
const mayGrowBy = 96 * MiB

const entityCount = 105_000

const piece = Buffer.alloc(64 * 1024, 'x')

function* pieces(total: number): Generator<Buffer> {
  for (let sent = 0; sent < total; sent += piece.length) yield piece
}

/** A work order as OData writes it, with a link; 105,000 of them are a little over 100 MB. */
function* entities(count: number, apiUrl: string): Generator<string> {
  yield `{"@odata.context":"${apiUrl}/v3/odata/$metadata#workorders","value":[`
  const note = 'n'.repeat(900)
  for (let n = 0; n < count; n += 50) {
    const some = Array.from(
      { length: 50 },
      (_, i) => `{"@odata.id":"${apiUrl}/v3/odata/workorders(${n + i})","Nte":250.0,"Note":"${note}"}`
    )
    yield `${n === 0 ? '' : ','}${some.join(',')}`
  }
  yield ']}'
}

const servicechannel = await startServiceChannel(t)
const api = https.createServer(
  { key: servicechannel.key, cert: servicechannel.cert, maxVersion: 'TLSv1.2' },
  async (request, response) => {
    if (request.method === 'POST') {
      let received = 0
      for await (const chunk of request) received += (chunk as Buffer).length
      response.end(String(received))
      return
    }
    const isJson = request.url?.startsWith('/v3/odata')
    response.writeHead(200, { 'content-type': isJson ? 'application/json' : 'application/octet-stream' })
    const body = isJson ? entities(request.url?.endsWith('warm') ? 500 : entityCount, apiUrl) : pieces(size)
    await pipeline(Readable.from(body), response).catch(() => {})
  }
)
await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
t.teardown(() => {
  api.closeAllConnections()
  api.close()
})
const apiUrl = `https://localhost:${(api.address() as AddressInfo).port}`

const { loginUrl, ca } = servicechannel
const proxy = await startProxy(
  t,
  { environments: { mine: { apiUrl, loginUrl, caFile: 'ca.pem', credentials } } },
  { files: { 'ca.pem': ca } }
)

const statusFile = `/proc/${proxy.child.pid}/status`

/** Resident memory of the proxy in bytes. */
function residentMemory(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(statusFile, 'utf8'))?.[1]) * 1024
}

/** Runs an exchange and resolves with how far the memory grew above what it was before. */
async function growthDuring(exchange: () => Promise<void>): Promise<number> {
  const before = residentMemory()
  let highest = before
  const sampling = setInterval(() => {
    highest = Math.max(highest, residentMemory())
  }, 100)
  try {
    await exchange()
  } finally {
    clearInterval(sampling)
  }
  return Math.max(highest, residentMemory()) - before
}

function ask(
  path: string,
  options: http.RequestOptions = {}
): { request: http.ClientRequest; answer: Promise<http.IncomingMessage> } {
  const request = http.request({ host: '127.0.0.1', port: proxy.port, path, agent: false, ...options })
  return { request, answer: new Promise((resolve, reject) => request.once('response', resolve).once('error', reject)) }
}

async function download(path: string, take: (chunk: Buffer) => void): Promise<void> {
  const { request, answer } = ask(path)
  request.end()
  for await (const chunk of await answer) take(chunk as Buffer)
}

async function upload(headers: http.OutgoingHttpHeaders): Promise<string> {
  const { request, answer } = ask('/v3/attachments', { method: 'POST', headers })
  await pipeline(Readable.from(pieces(size)), request)
  let text = ''
  for await (const chunk of await answer) text += chunk
  return text
}

const isUnmeasurable = !existsSync(statusFile) && 'SKIPPED: there is no /proc here to read the memory of a process from'

t.test('bodies of 256 MiB pass with flat memory, both ways', { skip: isUnmeasurable }, async (t) => {
  // Code is compiled and pools are filled before anything is measured.
  await download('/v3/odata/warm', () => {})
  let received = 0
  const down = await growthDuring(() =>
    download('/v3/attachments/1', (chunk) => {
      received += chunk.length
    })
  )
  t.equal(received, size)
  t.ok(down < mayGrowBy, `down: ${(down / MiB).toFixed(0)} MiB more`)

  let counted = ''
  const up = await growthDuring(async () => {
    counted = await upload({ 'content-length': size })
  })
  t.equal(counted, String(size))
  t.ok(up < mayGrowBy, `up: ${(up / MiB).toFixed(0)} MiB more`)
  t.comment(`resident memory grew by ${(down / MiB).toFixed(0)} MiB down and ${(up / MiB).toFixed(0)} MiB up`)
})

t.test('an OData answer of 100 MB has its links replaced with flat memory', { skip: isUnmeasurable }, async (t) => {
  let received = 0
  let tail = ''
  let foreign = 0
  let links = 0
  const own = `http://127.0.0.1:${proxy.port}/v3/odata/`
  const growth = await growthDuring(() =>
    download('/v3/odata/workorders', (chunk) => {
      received += chunk.length
      const text = tail + chunk.toString('latin1')
      links += text.split(own).length - 1 - (tail.split(own).length - 1)
      foreign += text.includes(apiUrl) ? 1 : 0
      tail = text.slice(-100)
    })
  )
  t.ok(received > 100_000_000, `${received} bytes`)
  t.equal(links, entityCount + 1)
  t.equal(foreign, 0)
  t.ok(growth < mayGrowBy, `${(growth / MiB).toFixed(0)} MiB more`)
})
