import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Encrypts what Redis keeps, with a key that Redis does not. */
export interface Seal {
  /** Names the key without telling it: another secret, another name. */
  readonly name: string
  seal(value: unknown): string
  /** Undefined when it was not sealed with this key, or has been changed. */
  open(text: string): unknown
}

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM with a key derived by HKDF (RFC 5869) from what only the replicas and ServiceChannel know. That is long
 * and random, since ServiceChannel makes client secrets, so no slow derivation is needed.
 *
 * @param secrets all of them go into the key
 * @param context what the key is for; not secret
 */
export function createSeal(secrets: readonly string[], context: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', JSON.stringify(secrets), context, 'sc-proxy shared login 1', 32))
  const name = createHmac('sha256', key).update('name').digest('hex').slice(0, 32)

  return {
    name,
    seal(value) {
      const nonce = randomBytes(nonceBytes)
      const sealing = createCipheriv(cipher, key, nonce)
      const data = Buffer.concat([sealing.update(JSON.stringify(value)), sealing.final()])
      return Buffer.concat([nonce, sealing.getAuthTag(), data]).toString('base64')
    },
    open(text) {
      try {
        const bytes = Buffer.from(text, 'base64')
        const tagEnd = nonceBytes + tagBytes
        const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
        opening.setAuthTag(bytes.subarray(nonceBytes, tagEnd))
        return JSON.parse(Buffer.concat([opening.update(bytes.subarray(tagEnd)), opening.final()]).toString())
      } catch {
        return undefined
      }
    }
  }
}
