import { writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeCertificates } from '../support/certificates.js'
import type { Scope } from './scope.js'

/** The API and the login server in this process: for what is counted here and not timed. */
export interface Service {
  readonly apiUrl: string
  readonly loginUrl: string
  readonly ca: string
  readonly caFile: string
}

/** Every login succeeds. `answer` is called when the whole request is here; its body is dropped. */
export async function startService(
  scope: Scope,
  answer: (request: IncomingMessage, response: ServerResponse) => void
): Promise<Service> {
  const { ca, cert, key } = await makeCertificates()
  const caFile = join(scope.folder(), 'ca.pem')
  writeFileSync(caFile, ca)

  async function open(handle: typeof answer): Promise<string> {
    const tls = { cert, key, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', keepAliveTimeout: 3_600_000 } as const
    const server = https.createServer(tls, (request, response) => {
      request.resume().once('end', () => handle(request, response))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    scope.defer(() => {
      server.closeAllConnections()
      server.close()
    })
    return `https://localhost:${(server.address() as AddressInfo).port}`
  }

  return {
    apiUrl: await open(answer),
    loginUrl: await open((_request, response) => json(response, 200, login)),
    ca,
    caFile
  }
}

const login = { access_token: 'invented'.repeat(62), token_type: 'bearer', expires_in: 86_400 }

export function json(
  response: ServerResponse,
  status: number,
  body: object | string,
  headers: Record<string, string> = {}
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      ...headers
    })
    .end(text)
}
