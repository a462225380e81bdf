import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { ProxyError, problemBody } from '../errors.js'
import type { Log } from '../telemetry/log.js'
import { ownHeaders, type Stamped } from './answer.js'
import type { ClientConnections } from './client-connections.js'
import { methods } from './failure.js'
import { newRequestId } from './request-id.js'

/** How long a refused connection is still read, so that what it had under way does not cost its client the answer. */
const lingerMs = 2_000

export interface ParserFailures {
  /** Node's parser could not read what came. */
  failed(error: Error & { code?: string; rawPacket?: unknown }, socket: Socket): void
  /** Somebody takes this for a forward proxy. */
  connectAsked(request: IncomingMessage, socket: Socket): void
}

/** What never becomes a request is answered on the socket, by hand. */
export function createParserFailures(connections: ClientConnections, environment: string, log: Log): ParserFailures {
  const refused = new WeakSet<Socket>()

  return {
    failed(error, socket) {
      if (refused.has(socket)) return
      if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
      if (isTlsHello(error.rawPacket)) {
        log.warn(
          `a client speaks TLS to port ${socket.localPort}, which is plain HTTP: its base URL must begin with http://`
        )
        return void socket.destroySoon()
      }
      const failure = explain(error.code)
      const call = connections.latest(socket)
      if (!call) return refuse(socket, failure)
      const { request, response } = call
      // What came is no part of the last request: that one gets its own answer first.
      if (request.complete) return void response.once('close', () => refuse(socket, failure))
      // Bytes of ours in the middle of an answer would be taken for a part of it.
      if (response.headersSent || !response.socket) return void socket.destroy()
      refuse(socket, failure, call)
      call.abort(failure)
    },

    connectAsked({ url }, socket) {
      socket.on('error', () => {})
      log.warn(`a client asks port ${socket.localPort} for a tunnel: it takes sc-proxy for a forward proxy`)
      refuse(socket, new ProxyError('method_not_supported', tunnelRefused(url, socket.localPort)))
    }
  }

  function refuse(socket: Socket, failure: ProxyError, call: Stamped = nobodys(environment)): void {
    if (!socket.writable) return
    refused.add(socket)
    const body = problemBody(failure)
    const headers = [
      ...['content-type', 'application/problem+json', 'content-length', `${Buffer.byteLength(body)}`],
      ...['cache-control', 'no-store', 'x-sc-proxy-error', failure.code],
      ...(failure.status === 405 ? ['allow', methods] : []),
      ...ownHeaders(call),
      ...['connection', 'close']
    ]
    const lines = headers.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
    socket.end(`HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}\r\n${lines}\r\n${body}`)
    socket.resume()
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}

/** What never became a call is stamped like one, so that its answer can be found and placed. */
function nobodys(environment: string): Stamped {
  const trace = { queueMs: 0, tokenMs: 0, upstreamMs: 0, attempts: 0, ahead: 0, notes: [] }
  return { id: newRequestId(), environment, trace, page: undefined, waitSeconds: undefined }
}

/** A handshake record of any version of TLS (RFC 8446 §5.1). */
function isTlsHello(packet: unknown): boolean {
  return Buffer.isBuffer(packet) && packet[0] === 0x16 && packet[1] === 0x03
}

function tunnelRefused(target = '', port = 0): string {
  const asked = /^[\w.:[\]-]{1,200}$/.test(target) ? ` to ${target}` : ''
  return `This is a reverse proxy and opens no tunnel${asked}. Do not name it in HTTPS_PROXY: make http://localhost:${port} the base URL instead.`
}

function explain(code: string | undefined): ProxyError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ProxyError('headers_too_large', 'The request line and headers are longer than 128 KiB together.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProxyError('request_timeout', 'The head of the request did not arrive in time.')
    case 'HPE_INVALID_URL':
    case 'HPE_INVALID_CONSTANT':
      return new ProxyError(
        'bad_request',
        'The request line is not valid: in the target, a space must be written %20 and a letter beyond ASCII percent-encoded.'
      )
    case 'HPE_INVALID_METHOD':
      return new ProxyError('bad_request', `The request does not begin with a method; those of the API are ${methods}.`)
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return new ProxyError('bad_request', 'This listener speaks HTTP/1.1 and HTTP/1.0.')
    case 'HPE_INVALID_EOF_STATE':
      return new ProxyError('bad_request', 'The request ended before it was complete.')
    default:
      return new ProxyError('bad_request', `The request is not valid HTTP (${code ?? 'unknown'}).`)
  }
}
