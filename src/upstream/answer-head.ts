import { STATUS_CODES } from 'node:http'
import { isNamed } from '../header-list.js'

/** undici has read the reason as UTF-8; Node writes it as latin1 and refuses control characters. */
export function reasonPhrase(status: number, text = ''): string {
  if (text === STATUS_CODES[status]) return text
  if (/^[\x20-\x7e]*$/.test(text)) return text
  return Buffer.from(text.replaceAll('\ufffd', '?'))
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')
}

/**
 * Is the body in another transfer coding than chunked? None was asked for (RFC 9112 §7), and undici would hand it over
 * still coded, without a word of it.
 */
export function hasUnknownCoding(headers: readonly string[]): boolean {
  const isUnknown = (name: string, i: number) =>
    i % 2 === 0 && isNamed(name, 'transfer-encoding') && headers[i + 1]?.trim().toLowerCase() !== 'chunked'
  return headers.some(isUnknown)
}

/** What becomes of such an answer; the code is the one llhttp has for it. */
export const unknownCoding = Object.assign(new Error('unknown transfer coding'), {
  code: 'HPE_INVALID_TRANSFER_ENCODING'
})
