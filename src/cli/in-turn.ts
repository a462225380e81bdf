import { setTimeout as pause } from 'node:timers/promises'
import type { Config, Environment } from '../config/schema.js'
import { openSharing } from './open-sharing.js'

/** Nothing is shared with the replicas for long enough to be worth a line. */
const silent = { info() {}, warn() {}, error() {} }

/**
 * Logs in by hand in turn with the replicas, where there are any: ServiceChannel admits one login of a user in five
 * seconds, whoever asks. Where Redis is not reached it is done at once.
 */
export async function inTurn<T>(
  config: Pick<Config, 'redis' | 'timeouts'>,
  { loginUrl, credentials }: Pick<Environment, 'loginUrl' | 'credentials'>,
  login: () => Promise<T>
): Promise<T> {
  const sharing = await openSharing(config, silent)
  if (!sharing) return login()
  const { clientId, username } = credentials
  try {
    const turn = await sharing.turn(loginUrl, username ?? clientId, config.timeouts.loginSeconds * 1000)
    if (turn) await pause(turn.waitMs)
    try {
      return await login()
    } finally {
      await turn?.end()
    }
  } finally {
    sharing.close()
  }
}
