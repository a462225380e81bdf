import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A login as it outlives the process. Times are those of the wall clock, in milliseconds. */
export interface SavedSession {
  loginUrl: string
  clientId: string
  /** Unknown after a login in the browser. */
  username?: string | undefined
  refreshToken: string
  /** When a person or a password last logged in: the refresh tokens end thirty days later. */
  loggedInAt: number
  /** When the token endpoint was last asked, since it must not be asked again for some seconds. */
  askedAt: number
}

/** The file of one login. */
export interface SessionFile {
  readonly path: string
  /** Undefined when there is no file. Rejects with one sentence when it cannot be read, or not with this key. */
  read(): Promise<SavedSession | undefined>
  /** Replaces the file in one step; when this resolves, it is on the disk. */
  write(session: SavedSession): Promise<void>
  /** False when there was none. */
  remove(): Promise<boolean>
}

interface Sealed {
  version: 1
  salt: string
  nonce: string
  tag: string
  data: string
}

/** AES-256-GCM; the version is authenticated along. */
const cipher = 'aes-256-gcm'
const purpose = Buffer.from('sc-proxy session 1')

/**
 * A file with mode 0600, encrypted with a key derived from `key` by scrypt, so that a passphrase will do and a copy of the file
 * alone is worth nothing.
 */
export function createSessionFile(path: string, key: string): SessionFile {
  let derived: { salt: string; key: Buffer } | undefined

  function keyFor(salt: string): Buffer {
    if (derived?.salt !== salt) derived = { salt, key: scryptSync(key, Buffer.from(salt, 'base64'), 32) }
    return derived.key
  }

  function seal(session: SavedSession): Sealed {
    const salt = derived?.salt ?? randomBytes(16).toString('base64')
    const nonce = randomBytes(12)
    const sealing = createCipheriv(cipher, keyFor(salt), nonce).setAAD(purpose)
    const data = Buffer.concat([sealing.update(JSON.stringify(session)), sealing.final()]).toString('base64')
    return { version: 1, salt, nonce: nonce.toString('base64'), tag: sealing.getAuthTag().toString('base64'), data }
  }

  function unseal(text: string): SavedSession {
    const { version, salt, nonce, tag, data }: Sealed = JSON.parse(text)
    if (version !== 1) throw new TypeError('another version')
    const opening = createDecipheriv(cipher, keyFor(salt), Buffer.from(nonce, 'base64'), { authTagLength: 16 })
    opening.setAAD(purpose).setAuthTag(Buffer.from(tag, 'base64'))
    return JSON.parse(Buffer.concat([opening.update(Buffer.from(data, 'base64')), opening.final()]).toString())
  }

  return {
    path,
    async read() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw new Error(`The session file ${path} cannot be read (${error.code}).`)
      })
      if (text === undefined) return undefined
      try {
        return unseal(text)
      } catch {
        // The reason may quote what was decrypted.
        throw new Error(
          `The session file ${path} cannot be opened with this key, or is damaged: run sc-proxy login to make it anew.`
        )
      }
    },

    async write(session) {
      const folder = dirname(path)
      const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
      await mkdir(folder, { recursive: true, mode: 0o700 })
      try {
        const file = await open(temporary, 'wx', 0o600)
        try {
          await file.writeFile(JSON.stringify(seal(session)))
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
      await syncFolder(folder)
    },

    remove: () =>
      rm(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false
          throw error
        }
      )
  }
}

/** The new name is on the disk, too. Windows cannot open folders, and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
