import { answerLocally } from './answer.js'
import type { Call } from './call.js'

/** Does a browser ask, before a page's call, whether it may make it (Fetch standard, CORS preflight)? */
export function isPreflight({ method, page, request }: Call): boolean {
  return method === 'OPTIONS' && page !== undefined && request.headers['access-control-request-method'] !== undefined
}

/** Says yes: only pages of an allowed origin get as far as this. */
export function answerPreflight(call: Call): void {
  const { 'access-control-request-method': method = '', 'access-control-request-headers': headers = '' } =
    call.request.headers
  answerLocally(call, 204, [
    'access-control-allow-methods',
    method,
    'access-control-allow-headers',
    headers,
    'access-control-max-age',
    '600'
  ])
}
