import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { ProxyError } from '../errors.js'
import { problemBody } from './failure.js'

/** What Node's HTTP parser refuses never becomes a request, so the answer is written to the socket by hand. */
export function answerParserFailure(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const failure = explain(error.code)
  const body = problemBody(failure)
  const head = [
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-sc-proxy-error: ${failure.code}`,
    'connection: close'
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
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
    default:
      return new ProxyError('bad_request', `The request is not valid HTTP (${code ?? 'unknown'}).`)
  }
}
