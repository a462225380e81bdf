import { createHash } from 'node:crypto'

/** A short name for what must not be read from it, such as a client id, or cannot stand in a file's name: 32 hex digits. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
