import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Does a request carry the listener's client key? It may come in `x-sc-proxy-key`, as Bearer token, or as the password
 * of Basic: legacy applications can often set only one of them. Without a key everybody has it.
 */
export function createClientKeyCheck(clientKey: string | undefined): (request: IncomingMessage) => boolean {
  if (clientKey === undefined) return () => true
  const wanted = digest(clientKey)
  return (request) => offers(request).some((offer) => timingSafeEqual(digest(offer), wanted))
}

function offers({ headers }: IncomingMessage): string[] {
  const key = headers['x-sc-proxy-key']
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(/\s+/, 2)
  const found = typeof key === 'string' ? [key] : []
  if (/^bearer$/i.test(scheme)) found.push(value)
  if (/^basic$/i.test(scheme))
    found.push(
      Buffer.from(value, 'base64')
        .toString()
        .replace(/^[^:]*:/, '')
    )
  return found
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
