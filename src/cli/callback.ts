import http from 'node:http'
import { isLoopback } from '../config/address.js'
import { type Authorization, readCallback } from '../oauth/authorization.js'

/** A listener at the callback URL, for one login. */
export interface Callback {
  /** Resolves with the first answer that belongs to this login; to a failure when the time is over. */
  readonly answer: Promise<Authorization>
  close(): Promise<void>
}

/** Whether a listener of this machine can answer at the URL: it must be plain http, on loopback, with a port. */
export function canListenAt(callbackUrl: string): boolean {
  const { protocol, hostname, port } = new URL(callbackUrl)
  return protocol === 'http:' && port !== '' && isLoopback(hostname.replace(/[[\]]/g, ''))
}

/**
 * Listens at the callback URL (RFC 8252 §7.3). Other paths are not found; an answer with another state is told so and
 * the wait goes on, since a page elsewhere may have sent it.
 *
 * @throws the error of the port that cannot be had
 */
export async function listenForCallback(callbackUrl: string, state: string, timeoutMs: number): Promise<Callback> {
  const { hostname, port, pathname } = new URL(callbackUrl)
  let settle = (_: Authorization) => {}
  const answer = new Promise<Authorization>((resolve) => {
    settle = resolve
  })
  const hosts = hostname === 'localhost' ? ['127.0.0.1', '::1'] : [hostname.replace(/[[\]]/g, '')]
  const servers: http.Server[] = []
  const timer = setTimeout(() => settle({ ok: false, reason: 'Nobody logged in in time.' }), timeoutMs)

  function handle(request: http.IncomingMessage, response: http.ServerResponse): void {
    const target = new URL(request.url ?? '/', 'http://callback')
    if (request.method !== 'GET' || target.pathname !== pathname) {
      say(response, 404, 'There is nothing here.')
      return
    }
    const authorization = readCallback(target.searchParams, state)
    if (authorization.ok)
      say(response, 200, 'sc-proxy has got its answer. You may close this page and go back to the terminal.')
    else say(response, 400, authorization.reason)
    if (authorization.ok || !authorization.isForeign) settle(authorization)
  }

  async function close(): Promise<void> {
    clearTimeout(timer)
    for (const server of servers) {
      server.close()
      server.closeIdleConnections()
    }
  }

  for (const [index, host] of hosts.entries()) {
    const server = http.createServer({ keepAlive: false }, handle)
    try {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(Number(port), host, resolve))
      servers.push(server)
    } catch (error) {
      // The machine may lack the second family.
      if (index > 0) continue
      await close()
      throw error
    }
  }
  return { answer, close }
}

/** The address, code and all, must not be kept by the browser nor told to other sites. */
function say(response: http.ServerResponse, status: number, sentence: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'",
      connection: 'close'
    })
    .end(`<!doctype html><title>sc-proxy</title><p>${sentence}</p>`)
}
