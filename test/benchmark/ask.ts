import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'

export interface Question {
  url: string
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  agent?: http.Agent
  /** Trusted for this question only. */
  ca?: string
}

export interface Reply {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** Asks once and reads the whole answer. */
export function ask({ url, method = 'GET', headers = {}, body, agent, ca }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:')
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const options = { method, headers: { ...headers, ...length }, agent: agent ?? false, ...(ca && { ca }) }
    const request = (secure ? https : http).request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** A port that was free a moment ago: not every candidate can choose one itself and tell. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
