import { STATUS_CODES } from 'node:http'
import type { Call } from './call.js'
import { endWith, writeHead } from './tap.js'

/** What an answer says of its call. */
export type Stamped = Pick<Call, 'id' | 'environment' | 'trace' | 'page' | 'waitSeconds'>

/** What every answer says about its way through the proxy. Durations are milliseconds (Server Timing, W3C). */
export function ownHeaders({ id, environment, trace, page, waitSeconds }: Stamped): string[] {
  const timing = `queue;dur=${ms(trace.queueMs)}, token;dur=${ms(trace.tokenMs)}, upstream;dur=${ms(trace.upstreamMs)}`
  const headers = ['x-request-id', id, 'x-sc-proxy-environment', environment, 'server-timing', timing]
  // RFC 7240 section 3.
  if (waitSeconds !== undefined) headers.push('preference-applied', `wait=${waitSeconds}`)
  // A page that may call must also be able to read the answer (Fetch standard, CORS protocol).
  if (page !== undefined)
    headers.push('access-control-allow-origin', page, 'access-control-expose-headers', '*', 'vary', 'origin')
  return headers
}

/** Writes a whole answer that the proxy makes itself. */
export function answerLocally(call: Call, status: number, headers: readonly string[], body = ''): void {
  const length = status === 204 ? [] : ['content-length', String(Buffer.byteLength(body))]
  // With its reason: the response may still have one that could not be written.
  writeHead(call, status, STATUS_CODES[status] ?? '', [...headers, ...length, ...ownHeaders(call)])
  endWith(call, call.method === 'HEAD' ? undefined : body)
}

function ms(duration: number): string {
  const tenths = Math.round(duration * 10)
  return `${Math.trunc(tenths / 10)}.${tenths % 10}`
}
