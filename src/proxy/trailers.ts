import type { Answer } from '../upstream/send.js'
import type { Call } from './call.js'
import { responseHeaders } from './headers.js'

/** Fields that frame, route, or say how to read a message have no place after it (RFC 9110 §6.5.1). */
const headOnly = /^(?:content-|transfer-|access-control-|host$|location$|cache-control$|www-authenticate$)/i

/** Has the client said that it can take trailers (`TE: trailers`, RFC 9110 §6.5)? From any other they are kept. */
export function wantsTrailers({ request }: Call): boolean {
  const { te } = request.headers
  return te !== undefined && /(?:^|,)\s*trailers\s*(?:,|$)/i.test(String(te))
}

/** Hands the answer's trailers on. To be called when the body has ended; Node adds them only where the answer is chunked. */
export function addTrailers({ response }: Call, answer: Answer): void {
  const fields = responseHeaders(answer.trailers)
  const pairs = fields.flatMap((name, i): [string, string][] =>
    i % 2 === 0 && !headOnly.test(name) ? [[name, fields[i + 1] ?? '']] : []
  )
  if (pairs.length > 0) response.addTrailers(pairs)
}
