import { createHash } from 'node:crypto'

/**
 * The same UUID for the same name (RFC 9562 §5.8): Postman offers to replace what it imported before, and files that
 * are written again do not differ.
 */
export function stableId(name: string): string {
  const hex = createHash('sha256').update(`sc-proxy ${name}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
