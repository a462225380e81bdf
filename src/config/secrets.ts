import type { Config } from './schema.js'

/** Every secret in force, wherever it came from: what nobody may see, and what a file that holds it must guard. */
export function secretsOf({ listeners, environments, inspector, redis }: Config): string[] {
  const logins = Object.values(environments).flatMap(({ credentials }) => [
    credentials.clientSecret,
    credentials.password,
    credentials.sessionKey
  ])
  const keys = [...listeners.map(({ clientKey }) => clientKey), inspector.token, redis.password]
  return [...logins, ...keys].filter((secret) => secret !== undefined)
}
