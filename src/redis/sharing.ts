import { randomUUID } from 'node:crypto'
import { fingerprint } from '../fingerprint.js'
import type { JoinCommons } from '../limiter/commons.js'
import type { Quota } from '../limiter/outcome.js'
import { spacingMs } from '../oauth/governor.js'
import type { ShareLogin } from '../oauth/login.js'
import { openRedis, type RedisAddress, type RedisConnection } from './connection.js'
import { type Contact, type ContactEvents, createContact } from './contact.js'
import { type LoginTurn, takeLoginTurn } from './login-turn.js'
import { createSeal } from './seal.js'
import { shareLogin } from './shared-login.js'
import { shareQuota } from './shared-quota.js'

export interface SharingOptions extends RedisAddress {
  keyPrefix: string
  maxReplicas: number
  safeSharePercent: number
  events: ContactEvents
  /** Milliseconds that go on through a suspend. */
  now: () => number
}

/** What this process has in common with its replicas. */
export interface Sharing {
  readonly contact: Pick<Contact, 'isMade' | 'isMissed' | 'isCrowded' | 'reason' | 'replicas' | 'losses'>
  /** A quota all share who name it so. The name may hold a client id: only a hash of it gets to Redis. */
  quota(name: string, quota: Quota): JoinCommons
  /** One login of each user at this server for all, however many wait. `now`: the clock of the tokens. */
  login(loginUrl: string, now: () => number): ShareLogin
  /** One login by hand, of this user at this server, which takes no longer than that; see `takeLoginTurn`. */
  turn(loginUrl: string, user: string, takesMs: number): Promise<LoginTurn | undefined>
  /** Another user name or password for Redis. */
  logInAs: RedisConnection['logInAs']
  /** Comes after everything that is shared has been closed. */
  close(): void
}

/** Opens the connection, and returns before there is one: who is alone for the moment works as such. */
export function openSharing(options: SharingOptions): Sharing {
  const { keyPrefix, maxReplicas: seats, safeSharePercent: safePercent, events, now } = options
  const redis = openRedis(options)
  const contact = createContact(seats, events)
  const replica = randomUUID()
  // Braces put the keys of one script into one slot of a cluster.
  const keyOf = (name: string) => `${keyPrefix}:{${fingerprint(name)}}`
  const loginKey = (loginUrl: string, user: string) => keyOf(JSON.stringify([loginUrl, user]))

  return {
    contact,
    quota: (name, quota) =>
      shareQuota({ quota, key: `${keyOf(name)}:quota`, replica, seats, safePercent, redis, contact, now }),
    login: (loginUrl, now) => (login, governor) => {
      const { clientId, clientSecret, username, password = '' } = login.session.credentials
      const key = loginKey(loginUrl, username ?? clientId)
      const seal = createSeal([clientSecret, password], JSON.stringify([loginUrl, clientId, username]))
      const keys: [string, string] = [`${key}:user`, `${key}:login:${seal.name}`]
      const spreadMs = seats > 1 ? 2 * spacingMs : 0
      return shareLogin(login, governor, { keys, replica, seal, redis, spacingMs, spreadMs, now })
    },
    turn: (loginUrl, user, takesMs) =>
      takeLoginTurn({ user: `${loginKey(loginUrl, user)}:user`, me: replica, redis, spacingMs, takesMs }),
    logInAs: redis.logInAs,
    close: redis.close
  }
}
