import { setTimeout as delay } from 'node:timers/promises'
import type { RedisConnection } from './connection.js'
import { askScript, settleScript } from './login-scripts.js'

/** The right to log a user in beside the replicas: none of them does so until it ends, nor for the spacing after it. */
export interface LoginTurn {
  /** How long the login server may still refuse, because of a replica's login. */
  readonly waitMs: number
  end(): Promise<void>
}

export interface LoginTurnOptions {
  /** Name of the user's key. */
  user: string
  /** Names who asks; never used twice. */
  me: string
  redis: Pick<RedisConnection, 'run' | 'life'>
  spacingMs: number
  /** How long the login takes at most: so long the replicas are held up by somebody who never comes back. */
  takesMs: number
}

const lookEveryMs = 100
/** Who has just been started has no connection yet. */
const mostMsToConnect = 2500
/** A replica is through by then, or it hangs. */
const mostMsToWait = 30_000

/** Waits for that turn. Undefined when Redis is not reached: then nobody can know. */
export async function takeLoginTurn(options: LoginTurnOptions): Promise<LoginTurn | undefined> {
  const { user, me, redis, spacingMs, takesMs } = options
  // Nothing is ever kept under the second name: a token the replicas have does not stand in for a person's login.
  const keys = [user, `${user}:by-hand`]
  const began = performance.now()
  const waited = () => performance.now() - began
  while (redis.life === '' && waited() < mostMsToConnect) await delay(lookEveryMs)
  while (waited() < mostMsToWait) {
    const reply = await redis
      .run(askScript, keys, [me, '', 1, 0, takesMs + spacingMs, spacingMs])
      .catch(() => undefined)
    if (reply === undefined) return undefined
    const [kind, first, second] = reply as [string, number, number]
    if (kind === 'lease') {
      const settled = [me, first, spacingMs, 'nothing', '', 0, 0]
      return { waitMs: second, end: async () => void (await redis.run(settleScript, keys, settled).catch(() => {})) }
    }
    await delay(lookEveryMs)
  }
  return undefined
}
