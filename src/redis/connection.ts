import { Redis } from 'ioredis'
import type { Script } from './script.js'

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
  let life: string | undefined
  let trouble: string | undefined = 'no connection yet'
  const redis = new Redis(url, {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(url.startsWith('rediss:') && { tls: { ...(ca !== undefined && { ca }) } }),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: answerMs,
    connectTimeout: connectMs,
    socketTimeout: silenceMs,
    retryStrategy: (times) => Math.min(longestRetryMs, 50 * times) * (0.5 + Math.random() / 2),
    // What was the primary is a replica now: the address leads to another one, or soon will.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
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
      life = /^run_id:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown'
      trouble = undefined
      for (const listener of listeners) listener()
    } catch (error) {
      trouble = reasonOf(error as Error)
      redis.disconnect(true)
    }
  }

  return {
    async run({ text, sha }, keys, args) {
      if (life === undefined) throw new Error(trouble ?? 'no connection')
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw new Error(reasonOf(error as Error))
        return redis.eval(text, keys.length, ...keys, ...args).catch((error) => {
          throw new Error(reasonOf(error))
        })
      }
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
    close() {
      listeners.clear()
      redis.disconnect()
    }
  }
}

/** A code or the first word of what Redis says: messages may quote commands and addresses. */
function reasonOf({ message, code }: NodeJS.ErrnoException): string {
  if (code !== undefined) return code
  if (/timed out|timeout/i.test(message)) return 'no answer in time'
  return /^[A-Z]{2,}\b/.exec(message)?.[0] ?? 'connection lost'
}
