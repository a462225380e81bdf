import { randomUUID } from 'node:crypto'
import http from 'node:http'
import net from 'node:net'

/** What a client saw of one call. */
export interface Seen {
  id: string
  method: string
  /** The status, or how it ended without one. */
  end: number | 'left' | 'broken' | 'no answer'
  /** The code of an answer the proxy made itself. */
  problem: string | undefined
}

interface Manner {
  method: string
  path: string
  body?: Buffer
  /** Leaves after so many ms. */
  leavesAfterMs?: number
  /** Reads its answer in small sips. */
  slowly?: boolean
  headers?: Record<string, string>
}

const manners: readonly (() => Manner)[] = [
  () => ({ method: 'GET', path: '/v3/workorders?page=1&pageSize=5' }),
  () => ({ method: 'GET', path: '/v3/odata/workorders?$top=3&$count=true' }),
  () => ({ method: 'GET', path: '/v3/odata/locations', slowly: true }),
  () => ({ method: 'GET', path: '/v3/no/such/route' }),
  () => ({ method: 'HEAD', path: '/v3/trades' }),
  () => ({ method: 'POST', path: '/v3/workorders/270000001/notes', body: Buffer.from('{"Note":"soak"}') }),
  () => ({
    method: 'PUT',
    path: '/v3/workorders/270000002/status',
    body: Buffer.from('{"Status":{"Primary":"IN PROGRESS"}}')
  }),
  () => ({ method: 'POST', path: '/v3/workorders/-1/attachments', body: Buffer.alloc(400_000, 'x') }),
  () => ({ method: 'GET', path: '/v3/odata/invoices', leavesAfterMs: 5 }),
  () => ({
    method: 'POST',
    path: '/v3/workorders/270000003/notes',
    body: Buffer.from('{"Note":"gone"}'),
    leavesAfterMs: 60
  }),
  () => ({ method: 'GET', path: '/v3/providers', headers: { connection: 'close', priority: 'u=0' } })
]

/** Makes one call in a manner drawn by `random` (0 to 1) and says how it ended. */
export async function call(port: number, agent: http.Agent, random: () => number): Promise<Seen> {
  if (random() < 0.02) return oldClient(port)
  const manner = manners[Math.floor(random() * manners.length)]?.() ?? { method: 'GET', path: '/' }
  const { method, path, body, leavesAfterMs, slowly, headers } = manner
  const id = randomUUID()
  return new Promise((resolve) => {
    const end = (how: Seen['end'], problem?: string) => resolve({ id, method, end: how, problem })
    const request = http.request({
      host: '127.0.0.1',
      port,
      agent,
      method,
      path,
      headers: { 'x-soak-id': id, 'x-request-id': id, 'content-type': 'application/json', ...headers }
    })
    let hasLeft = false
    let answered = false
    if (leavesAfterMs !== undefined) {
      setTimeout(() => {
        hasLeft = true
        request.destroy()
      }, leavesAfterMs)
    }
    request.on('error', () => end(hasLeft ? 'left' : 'no answer'))
    request.on('close', () => {
      if (!answered) end(hasLeft ? 'left' : 'no answer')
    })
    request.on('response', (answer) => {
      answered = true
      const problem = answer.headers['x-sc-proxy-error']
      answer.on('end', () => end(answer.statusCode ?? 0, typeof problem === 'string' ? problem : undefined))
      answer.on('error', () => end(hasLeft ? 'left' : 'broken'))
      answer.on('close', () => end(hasLeft ? 'left' : 'broken'))
      if (slowly) sip(answer)
      else answer.resume()
    })
    request.end(body)
  })
}

function sip(answer: http.IncomingMessage): void {
  answer.on('data', () => {
    answer.pause()
    setTimeout(() => answer.resume(), 20)
  })
}

/** HTTP/1.0, which ends with its connection. */
function oldClient(port: number): Promise<Seen> {
  const id = randomUUID()
  return new Promise((resolve) => {
    let text = ''
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(`GET /v3/trades HTTP/1.0\r\nX-Soak-Id: ${id}\r\nX-Request-Id: ${id}\r\n\r\n`)
    })
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      const status = /^HTTP\/1\.\d (\d{3})/.exec(text)?.[1]
      resolve({
        id,
        method: 'GET',
        end: status ? Number(status) : 'no answer',
        problem: /x-sc-proxy-error: (\w+)/.exec(text)?.[1]
      })
    })
  })
}
