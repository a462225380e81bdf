import { Redis } from 'ioredis'
import { trustedWith } from '../authorities.js'
import type { Script } from './script.js'
import { reasonOf } from './trouble.js'

/** How to reach the server. */
export interface RedisAddress {
  /** `redis://host:port/db`, or `rediss://` for TLS. */
  url: string
  username?: string | undefined
  password?: string | undefined
  /** A CA trusted besides the well-known ones, in PEM. */
  ca?: string | undefined
}

/** One connection, made anew for as long as it takes. */
export interface RedisConnection {
  /**
   * Runs a script. Rejects at once while there is no connection, after a second without an answer, and with what the
   * server says: nothing is kept for later, since by then it would no longer be true.
   */
  run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown>
  /** Names the life of the server that scripts run on: another one after a restart or a failover. */
  readonly life: string
  /** Called whenever a connection can be used. Returns the way out. */
  onReady(listener: () => void): () => void
  /** Why there is no connection, in a few words without addresses; for the log. */
  readonly trouble: string | undefined
  /** Another user name or password, from the next connection on; at once where there is none. */
  logInAs(user: Pick<RedisAddress, 'username' | 'password'>): void
  close(): void
}

/** A script takes well under a millisecond: a server that needs longer than this is as good as none. */
const answerMs = 1000
const connectMs = 2000
/** An answer that does not come at all: the connection is taken for dead. */
const silenceMs = 3000
const longestRetryMs = 1000

/** Opens a connection and returns at once; it comes about, and comes back, by itself. */
export function openRedis({ url, username, password, ca }: RedisAddress): RedisConnection {
  const listeners = new Set<() => void>()
  const authorities = trustedWith(ca)
  let life: string | undefined
  /** How often in a row a connection came about and was of no use. */
  let refusals = 0
  let trouble: string | undefined = 'no connection yet'
  const redis = new Redis(url, {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(/^rediss:/i.test(url) && { tls: { ...(authorities && { ca: authorities }) } }),
    // That it can be spoken with is found out below, and what is wrong is told by the log alone.
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: answerMs,
    connectTimeout: connectMs,
    socketTimeout: silenceMs,
    retryStrategy: (times) => Math.min(longestRetryMs, 50 * (times + 8 * refusals)) * (0.5 + Math.random() / 2),
    // What was the primary is a replica now: the address leads to another one, or soon will.
    reconnectOnError(error) {
      if (!error.message.startsWith('READONLY')) return false
      refusals++
      trouble = reasonOf(error)
      return true
    },
    connectionName: 'sc-proxy'
  })

  redis.on('error', (error: NodeJS.ErrnoException) => {
    trouble = reasonOf(error)
  })
  redis.on('close', () => {
    life = undefined
  })
  redis.on('ready', () => {
    void meet()
  })

  async function meet(): Promise<void> {
    try {
      // Done already, unless it is refused: then ioredis would silently go on in the first database.
      if (redis.options.db) await redis.select(redis.options.db)
      life = /^run_id:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown'
      trouble = undefined
      for (const listener of listeners) listener()
    } catch (error) {
      trouble = reasonOf(error as Error)
      refusals++
      redis.disconnect(true)
    }
  }

  return {
    async run({ text, sha }, keys, args) {
      if (life === undefined) throw new Error(trouble ?? 'no connection')
      const answer = await redis
        .evalsha(sha, keys.length, ...keys, ...args)
        .catch((error: Error) => {
          if (!error.message.startsWith('NOSCRIPT')) throw error
          return redis.eval(text, keys.length, ...keys, ...args)
        })
        .catch((error: Error) => {
          throw new Error(reasonOf(error))
        })
      refusals = 0
      return answer
    },
    get life() {
      return life ?? ''
    },
    onReady(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    get trouble() {
      return trouble
    },
    logInAs({ username, password }) {
      if (redis.options.username === username && redis.options.password === password) return
      Object.assign(redis.options, { username, password })
      if (life === undefined) redis.disconnect(true)
    },
    close() {
      listeners.clear()
      redis.disconnect()
    }
  }
}
