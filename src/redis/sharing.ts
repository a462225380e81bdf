import { createHash, randomUUID } from 'node:crypto'
import type { JoinCommons } from '../limiter/commons.js'
import type { Quota } from '../limiter/outcome.js'
import { openRedis, type RedisAddress } from './connection.js'
import { type Contact, type ContactEvents, createContact } from './contact.js'
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
  readonly contact: Pick<Contact, 'isMade' | 'replicas' | 'losses'>
  /** A quota all share who name it so. The name may hold a client id: only a hash of it gets to Redis. */
  quota(name: string, quota: Quota): JoinCommons
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
  const keyOf = (name: string) => `${keyPrefix}:{${createHash('sha256').update(name).digest('hex').slice(0, 32)}}`

  return {
    contact,
    quota: (name, quota) =>
      shareQuota({ quota, key: `${keyOf(name)}:quota`, replica, seats, safePercent, redis, contact, now }),
    close: redis.close
  }
}
