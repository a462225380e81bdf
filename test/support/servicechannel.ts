import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Test } from 'tap'
import { makeCertificates } from './certificates.js'

/** One request as it arrived at the API. */
export interface Arrival {
  at: number
  method: string
  url: string
  rawHeaders: string[]
  headers: IncomingMessage['headers']
  body: Buffer
}

export interface ServerOptions {
  tls?: TlsOptions
  /** The names in the certificate. */
  names?: string[]
  /** Answers an API call; the body has been read when it is called. */
  answer?: (request: IncomingMessage, response: ServerResponse, arrival: Arrival) => void
  /** Answers `POST /oauth/token`. */
  login?: (request: IncomingMessage, response: ServerResponse, form: URLSearchParams) => void
}

export const credentials = {
  clientId: 'SB.2000000001.00000000-0000-4000-8000-000000000001',
  clientSecret: 'CANARY-client-secret',
  username: 'canary.user',
  password: 'CANARY-pass!word'
}

/**
 * A ServiceChannel that speaks only the documented protocol and writes down all that arrives: independent of the
 * emulator, so that the two cannot share a misreading.
 */
export async function startServiceChannel(t: Test, options: ServerOptions = {}) {
  const { ca, cert, key, issue } = await makeCertificates(options.names)
  const arrivals: Arrival[] = []
  const logins: { at: number; form: URLSearchParams; authorization: string | undefined }[] = []
  const secure = {
    cert,
    key,
    maxHeaderSize: 256 * 1024,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ...options.tls
  } as const
  let tokens = 0

  const answer = options.answer ?? ((_request, response) => json(response, 200, { ok: true }))
  const login =
    options.login ??
    ((_request, response) => {
      tokens++
      json(response, 200, {
        access_token: `token-${tokens}`,
        token_type: 'bearer',
        expires_in: 600,
        refresh_token: `re!fresh-${tokens}`
      })
    })

  const api = https.createServer(secure, async (request, response) => {
    const { method = '', url = '', rawHeaders, headers } = request
    const arrival: Arrival = { at: performance.now(), method, url, rawHeaders, headers, body: Buffer.alloc(0) }
    arrivals.push(arrival)
    arrival.body = await bodyOf(request)
    answer(request, response, arrival)
  })
  api.maxHeadersCount = 0
  const loginHost = https.createServer(secure, async (request, response) => {
    const form = new URLSearchParams((await bodyOf(request)).toString())
    logins.push({ at: performance.now(), form, authorization: request.headers.authorization })
    login(request, response, form)
  })
  const [apiUrl, loginUrl] = [await open(t, api), await open(t, loginHost)]
  return { apiUrl, loginUrl, ca, cert, key, issue, arrivals, logins, api, loginHost }
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {}
): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    // The sender left; what came until then is what there is.
  }
  return Buffer.concat(chunks)
}

async function open(t: Test, server: https.Server): Promise<string> {
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}`
}
