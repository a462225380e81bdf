import { ProxyError, problemBody } from '../errors.js'
import { answerLocally } from './answer.js'
import type { Call } from './call.js'

/** What clients may ask, as Allow says it (RFC 9110 §10.2.1). */
export const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/**
 * Any error becomes `application/problem+json` (RFC 9457), with the sentence also in `ErrorMessage`, which existing
 * ServiceChannel clients print. Once an answer has begun, all that is left is to break it off, so that nobody takes
 * half of it for the whole.
 */
export function answerFailure(call: Call, error: unknown): void {
  const failure = asProxyError(error)
  call.problem = failure.code
  if (call.response.headersSent) {
    breakOff(call)
    return
  }
  const headers = [
    'content-type',
    'application/problem+json',
    'cache-control',
    'no-store',
    'x-sc-proxy-error',
    failure.code
  ]
  if (failure.retryAfter !== undefined) headers.push('retry-after', String(failure.retryAfter))
  if (failure.code === 'method_not_supported') headers.push('allow', methods)
  // RFC 9110 §15.5.9: whoever stopped in the middle of a request cannot begin another on that connection.
  if (failure.code === 'draining' || failure.code === 'request_timeout') call.response.shouldKeepAlive = false
  answerLocally(call, failure.status, headers, problemBody(failure))
}

/** What has come goes out, and then the connection ends before the answer does. */
function breakOff({ request, response }: Call): void {
  response.flushHeaders()
  // In HTTP/1.0 the end of the connection would pass for the end of the answer.
  if (request.httpVersion === '1.0') response.socket?.resetAndDestroy()
  else response.socket?.destroySoon()
}

/** What has no row in the error table is our own fault, and its text may not be meant for clients. */
export function asProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error
  return new ProxyError('internal', 'The proxy itself failed; its log says more.', { cause: error })
}
