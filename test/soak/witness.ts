import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { createCertificates } from '../../src/emulator/certificates.js'
import type { Emulator } from '../../src/emulator/emulator.js'

/** One request as it passed on its way to the emulator, and what became of it there. */
export interface Passage {
  id: string
  method: string
  at: number
  /** 0 when the emulator dropped the connection. */
  status: number
}

/**
 * Stands between the proxy and the emulator and counts what passes: a relay that changes nothing, so that what the
 * proxy really sent can be compared with what its clients asked for.
 */
export async function startWitness(emulator: Emulator) {
  const { ca, cert, key } = await createCertificates('localhost')
  const calls: Passage[] = []
  const logins: Passage[] = []

  function relay(origin: string, seen: Passage[]): https.Server {
    const agent = new https.Agent({ ca: emulator.ca, keepAlive: true })
    const { hostname, port } = new URL(origin)
    return https.createServer({ cert, key, maxVersion: 'TLSv1.2' }, (request, response) => {
      const { method = '', url, headers } = request
      const passage: Passage = { id: String(headers['x-soak-id'] ?? ''), method, at: performance.now(), status: 0 }
      seen.push(passage)
      const onward = https.request({
        hostname,
        port,
        agent,
        method,
        path: url,
        headers: { ...headers, host: `${hostname}:${port}` }
      })
      onward.on('response', (answer) => {
        passage.status = answer.statusCode ?? 0
        response.writeHead(passage.status, answer.statusMessage, answer.headers)
        answer.on('error', () => response.destroy()).pipe(response)
        answer.on('aborted', () => response.destroy())
      })
      onward.on('error', () => response.destroy())
      request.on('error', () => onward.destroy()).pipe(onward)
      response.on('close', () => {
        if (!response.writableFinished) onward.destroy()
      })
    })
  }

  const servers = [relay(emulator.apiUrl, calls), relay(emulator.loginUrl, logins)]
  const [apiUrl = '', loginUrl = ''] = await Promise.all(servers.map(open))
  return {
    apiUrl,
    loginUrl,
    ca,
    calls,
    logins,
    close() {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    }
  }
}

async function open(server: https.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `https://localhost:${(server.address() as AddressInfo).port}`
}
