import { setTimeout as delay } from 'node:timers/promises'
import { openRedis, type RedisAddress } from './connection.js'
import { script } from './script.js'

/** What a Redis turned out to be, or why it is of no use, in the words of `RedisConnection.trouble`. */
export type RedisProbe = { version: string; tookMs: number; denied: readonly string[] } | { reason: string }

/** The first errors of a connection come well before this: two seconds to connect, one for an answer. */
const mostMs = 5000
const lookEveryMs = 10

/**
 * Whatever the other scripts do, asked of the server's own judge, so that what is missing is named and nothing is left
 * behind. It writes once, too: a copy, or a server without memory, would refuse no sooner.
 */
const lookScript = script(`
local key = KEYS[1]
local denied = {}
for _, command in ipairs({
  { 'TIME' }, { 'HGETALL', key }, { 'HMGET', key, 'a' }, { 'HSET', key, 'a', 1 }, { 'HDEL', key, 'a' },
  { 'HINCRBY', key, 'a', 1 }, { 'DEL', key }, { 'PEXPIRE', key, 1 }
}) do
  if redis.acl_check_cmd and not redis.acl_check_cmd(unpack(command)) then table.insert(denied, command[1]) end
end
if #denied == 0 then
  redis.call('HSET', key, 'a', 1)
  redis.call('DEL', key)
end
return { redis.call('INFO', 'server'), denied }
`)

/**
 * Connects as the proxy does, asks once, and hangs up.
 *
 * @param keyPrefix what the names of all keys begin with
 */
export async function probeRedis(address: RedisAddress, keyPrefix: string): Promise<RedisProbe> {
  const began = performance.now()
  const redis = openRedis(address)
  const first = redis.trouble
  try {
    while (redis.life === '') {
      if (redis.trouble !== first) return { reason: redis.trouble ?? 'connection lost' }
      if (performance.now() - began > mostMs) return { reason: 'no answer in time' }
      await delay(lookEveryMs)
    }
    const tookMs = performance.now() - began
    const [info, denied] = (await redis.run(lookScript, [`${keyPrefix}:probe`], [])) as [string, string[]]
    return { version: versionIn(info), tookMs, denied }
  } catch (error) {
    return { reason: (error as Error).message }
  } finally {
    redis.close()
  }
}

/** Valkey says which Redis it stands in for, and then who it is. */
function versionIn(info: string): string {
  const version = (name: string) => new RegExp(`^${name}_version:(\\S+)`, 'm').exec(info)?.[1]
  const valkey = version('valkey')
  return valkey === undefined ? `Redis ${version('redis') ?? 'of a version it does not tell'}` : `Valkey ${valkey}`
}
