import type { Config } from '../config/schema.js'
import { createElapsedClock } from '../oauth/clock.js'
import type { Sharing } from '../redis/sharing.js'
import type { Log } from '../telemetry/log.js'

/** What is shared with other replicas; undefined when nothing is, and then nothing of it is loaded. */
export async function openSharing(
  { redis }: Pick<Config, 'redis'>,
  log: Pick<Log, 'info' | 'warn' | 'error'>
): Promise<Sharing | undefined> {
  const { url, ...settings } = redis
  if (url === undefined) return undefined
  const { openSharing } = await import('../redis/sharing.js')
  return openSharing({
    ...settings,
    url,
    now: createElapsedClock(),
    events: {
      made: (replicas) => log.info({ replicas }, `redis: quota and token are shared, ${proxies(replicas)}`),
      lost: (reason) =>
        log.warn(
          `redis: not reached (${reason}); until it is, this proxy keeps to its own part of the safe share of the quota`
        ),
      crowded: (replicas) =>
        log.error(
          { replicas },
          `redis: ${proxies(replicas)}, but redis.maxReplicas is ${redis.maxReplicas}: raise it, or the quota can be exceeded while Redis is not reached`
        )
    }
  })
}

/** What whoever asks for the health should know although calls are served; empty when there is nothing. */
export function sharingRemarks(sharing: Pick<Sharing, 'contact'> | undefined): string[] {
  if (sharing === undefined) return []
  const { isMissed, isCrowded, reason, replicas } = sharing.contact
  if (isMissed)
    return [
      `Redis is not reached (${reason}): this proxy is alone and keeps to its own part of the safe share of the quota.`
    ]
  if (!isCrowded) return []
  return [`${proxies(replicas)}, more than redis.maxReplicas: while Redis is not reached they could exceed the quota.`]
}

const proxies = (count: number) => `${count} ${count === 1 ? 'proxy is' : 'proxies are'} at work`
