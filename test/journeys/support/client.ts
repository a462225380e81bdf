import http from 'node:http'
import type { Test } from 'tap'

export interface Question {
  method?: string
  target?: string
  /** Name, value, name, value. */
  headers?: readonly string[]
  body?: Buffer | string
  /** Aborting it is leaving. */
  signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: http.IncomingHttpHeaders
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** When it was complete, `performance.now()`. */
  readonly at: number
}

/** The body of an answer that the proxy made itself. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  ErrorMessage: string
}

export type Client = (question?: Question) => Promise<Answer>

/** A plain HTTP client of a listener, as many connections as it has calls under way, that sends what it is told. */
export function createClient(t: Test, port: number, host = '127.0.0.1'): Client {
  const agent = new http.Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`

  return ({ method = 'GET', target = '/v3/workorders', headers = [], body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const isChunked = headers.includes('Transfer-Encoding')
      const length = body === undefined || isChunked ? [] : ['Content-Length', String(Buffer.byteLength(body))]
      const request = http.request(
        { host, port, agent, method, path: target, signal, headers: ['Host', authority, ...headers, ...length] },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const { statusCode: status = 0, statusMessage: statusText = '', headers, rawHeaders } = response
            const at = performance.now()
            resolve({ status, statusText, headers, rawHeaders, body: Buffer.concat(chunks), at })
          })
        }
      )
      request.on('error', reject)
      request.end(body)
    })
}

export function problemOf({ body }: Answer): Problem {
  return JSON.parse(body.toString()) as Problem
}

/** How many answers had which status. */
export function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
