import { randomBytes } from 'node:crypto'
import type { Scenario } from './scenario-schema.js'

/** Whom a token speaks for. */
export interface Owner {
  clientId: string
  username: string
}

export interface IssuedTokens {
  accessToken: string
  /** Missing when the scenario's refresh answers carry none. */
  refreshToken?: string
  /** Life of the access token in seconds. */
  expiresIn: number
}

export interface Tokens {
  issue(owner: Owner): IssuedTokens
  /** Issues again for the owner of a refresh token; undefined when it is unknown, expired or replaced. */
  refresh(refreshToken: string): IssuedTokens | undefined
  ownerOfAccess(accessToken: string): Owner | undefined
  ownerOfRefresh(refreshToken: string): Owner | undefined
}

/**
 * Issues opaque tokens that look like those of ServiceChannel's login server: about 600 characters for access, about 330
 * with a `!` for refresh. A new login leaves older tokens alone.
 */
export function createTokens(settings: Scenario['login'], now: () => number): Tokens {
  const access = expiringMap<Owner>(now)
  const refresh = expiringMap<Owner>(now)

  function issueAccess(owner: Owner) {
    const accessToken = `AAEAA${opaque(595)}`
    access.set(accessToken, owner, settings.tokenLifeSeconds)
    return { accessToken, expiresIn: settings.tokenLifeSeconds }
  }

  function issueRefresh(owner: Owner): string {
    const refreshToken = `${opaque(4)}!IAAAA${opaque(320)}`
    refresh.set(refreshToken, owner, settings.refreshLifeSeconds)
    return refreshToken
  }

  function renewRefresh(used: string, owner: Owner): string | undefined {
    if (settings.refreshToken === 'absent') return undefined
    if (settings.refreshToken === 'same') return used
    if (settings.refreshToken === 'new-only') refresh.delete(used)
    return issueRefresh(owner)
  }

  return {
    issue: (owner) => ({ ...issueAccess(owner), refreshToken: issueRefresh(owner) }),
    refresh(used) {
      const owner = refresh.get(used)
      return owner && { ...issueAccess(owner), refreshToken: renewRefresh(used, owner) }
    },
    ownerOfAccess: access.get,
    ownerOfRefresh: refresh.get
  }
}

/** So many random characters of the URL-safe base64 alphabet. */
export function opaque(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length)
}

/** Values that are gone after a number of seconds, on the given clock. */
export function expiringMap<T>(now: () => number) {
  const entries = new Map<string, { value: T; expiresAt: number }>()
  return {
    get(key: string): T | undefined {
      const entry = entries.get(key)
      return entry && entry.expiresAt > now() ? entry.value : undefined
    },
    set(key: string, value: T, seconds: number): void {
      for (const [old, { expiresAt }] of entries) if (expiresAt <= now()) entries.delete(old)
      entries.set(key, { value, expiresAt: now() + seconds * 1000 })
    },
    delete(key: string): void {
      entries.delete(key)
    }
  }
}
