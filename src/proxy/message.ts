import { ProxyError } from '../errors.js'
import { isNamed } from '../header-list.js'
import type { Call } from './call.js'

/**
 * Refuses what Node's parser lets through and two servers could understand differently. The connection then ends with
 * the answer: the next message may not begin where it seems to.
 *
 * @throws ProxyError bad_request
 */
export function checkMessage(call: Call): void {
  try {
    check(call)
  } catch (error) {
    call.response.shouldKeepAlive = false
    throw error
  }
}

function check({ form, authority, request }: Call): void {
  const { httpVersion, headers, rawHeaders } = request
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw new ProxyError('bad_request', 'This listener speaks HTTP/1.1 and HTTP/1.0.')
  if (form === 'other')
    throw new ProxyError('bad_request', 'The request target must begin with "/", as in GET /v3/workorders.')
  if (rawHeaders.filter((name, i) => i % 2 === 0 && isNamed(name, 'host')).length > 1)
    throw new ProxyError('bad_request', 'The request has more than one Host header.')
  // Only HTTP/1.0 may leave Host out (RFC 9112 §3.2); no browser speaks it, so no page can make one send it.
  if (authority === undefined && httpVersion === '1.1')
    throw new ProxyError('bad_request', 'The request has no Host header, as HTTP/1.1 demands, such as Host: localhost.')
  checkFraming(httpVersion, headers)
}

/** RFC 9112 §6.1: a coding besides chunked would go on undecoded and unnamed; HTTP/1.0 has none. */
function checkFraming(version: string, headers: Call['request']['headers']): void {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (coding !== undefined && (version === '1.0' || coding.toLowerCase() !== 'chunked' || length !== undefined))
    throw new ProxyError('bad_request', 'The only Transfer-Encoding understood is chunked, in HTTP/1.1.')
  if (length !== undefined && !Number.isSafeInteger(Number(length)))
    throw new ProxyError('bad_request', 'The Content-Length is too large to be meant.')
}
