import { X509Certificate } from 'node:crypto'
import { type ReadFile, readFromDisk } from './files.js'

/**
 * The certificates of a file, as PEM (RFC 7468). A file in DER is a single one: so Windows and Fiddler export them, as
 * `.cer`. Undefined when it is neither.
 *
 * @param text what is in the file, read as text
 */
export function certificatesIn(path: string, text: string, read: ReadFile = readFromDisk): string | undefined {
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  try {
    return new X509Certificate(Buffer.from(read(path, 'latin1'), 'latin1')).toString()
  } catch {
    return undefined
  }
}
