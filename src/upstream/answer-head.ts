import type { Dispatcher } from 'undici'

/** Fields as they came, one latin1 letter per byte: name, value, name, value. */
export function rawList(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return []
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}

/** undici has read the reason as UTF-8; Node writes it as latin1 and refuses control characters. */
export function reasonPhrase(text = ''): string {
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
  return headers.some(
    (name, i) =>
      i % 2 === 0 && name.toLowerCase() === 'transfer-encoding' && headers[i + 1]?.trim().toLowerCase() !== 'chunked'
  )
}

/** What becomes of such an answer; the code is the one llhttp has for it. */
export const unknownCoding = Object.assign(new Error('unknown transfer coding'), {
  code: 'HPE_INVALID_TRANSFER_ENCODING'
})
