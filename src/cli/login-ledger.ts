import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from '../fingerprint.js'

/** What commands that log in remember for one another: ServiceChannel counts their logins together. */
export interface LoginLedger {
  /** When one of them last asked; wall clock, milliseconds; 0 when that is not known. */
  readonly askedAt: number
  /** Whether this password was rejected the last time, so that it must not be tried again by itself. */
  wasRejected(password: string): boolean
  /** What cannot be written down is forgotten: it only makes the next command less careful. */
  record(askedAt: number, rejectedPassword?: string): void
}

interface Entry {
  askedAt: number
  rejected?: { salt: string; hash: string } | undefined
}

/** @param folder where it is kept; undefined where nothing is to be */
export function openLoginLedger(folder: string | undefined, loginUrl: string, user: string): LoginLedger {
  const name = fingerprint(`${loginUrl} ${user}`)
  const path = folder === undefined ? undefined : join(folder, `login-${name}.json`)
  let entry = read(path)

  return {
    get askedAt() {
      return entry.askedAt
    },
    wasRejected(password) {
      if (!entry.rejected) return false
      const { salt, hash } = entry.rejected
      return timingSafeEqual(digest(password, salt), Buffer.from(hash, 'base64'))
    },
    record(askedAt, rejectedPassword) {
      entry = { askedAt, rejected: rejectedPassword === undefined ? undefined : rejection(rejectedPassword) }
      if (folder === undefined || path === undefined) return
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
        writeFileSync(temporary, JSON.stringify(entry), { mode: 0o600, flag: 'wx' })
        renameSync(temporary, path)
      } catch {
        // See above.
      }
    }
  }
}

function read(path: string | undefined): Entry {
  try {
    const entry: Entry = JSON.parse(readFileSync(path ?? '', 'utf8'))
    return typeof entry.askedAt === 'number' ? entry : { askedAt: 0 }
  } catch {
    return { askedAt: 0 }
  }
}

function rejection(password: string): { salt: string; hash: string } {
  const salt = randomBytes(16).toString('base64')
  return { salt, hash: digest(password, salt).toString('base64') }
}

/** Slow on purpose: the account may be locked and the password right. */
function digest(password: string, salt: string): Buffer {
  return scryptSync(password, Buffer.from(salt, 'base64'), 32)
}
