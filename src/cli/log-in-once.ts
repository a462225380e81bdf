import { setTimeout as pause } from 'node:timers/promises'
import type { Environment } from '../config/schema.js'
import type { Failure } from '../oauth/answer.js'
import { spacingMs } from '../oauth/governor.js'
import { ask, basicCredentials, type Grant, tokenEndpoint } from '../oauth/grant.js'
import { loginFailure } from '../oauth/login-failure.js'
import { explainFailure } from '../upstream/failure.js'
import type { LoginLedger } from './login-ledger.js'
import { type NetworkSettings, withFetch } from './with-fetch.js'

export type LoginResult =
  | { ok: true; accessToken: string; refreshToken: string | undefined; lifeMs: number; askedAt: number }
  | { ok: false; kind: Failure['kind']; message: string }

/** A throttled login was not looked at, so it may be sent again; another program of the same user may be logging in. */
const mostThrottles = 3

/**
 * One login by a command, over the same network as the proxy's. Whatever was sent is sent once: nothing that was rejected
 * is tried again.
 *
 * @param before what the proxy and other commands have asked the token endpoint, as far as that is known; wall clock
 */
export async function logInOnce(
  network: NetworkSettings,
  { name, loginUrl, ca, credentials }: Environment,
  grant: Grant,
  before: { askedAt?: number | undefined; ledger?: LoginLedger } = {}
): Promise<LoginResult> {
  const endpoint = tokenEndpoint(loginUrl)
  const { ledger } = before
  const lastAskedAt = Math.max(before.askedAt ?? 0, ledger?.askedAt ?? 0)
  await pause(Math.min(spacingMs, Math.max(0, lastAskedAt + spacingMs - Date.now())))
  return withFetch(network, ca, async (fetch) => {
    const server = { endpoint, fetch, timeoutMs: network.timeouts.loginSeconds * 1000 }
    for (let throttles = 0; ; ) {
      const outcome = await ask(server, credentials, grant, new AbortController().signal)
      // The server counts from when it saw the request: on a new connection that is well after we sent it.
      const askedAt = Date.now()
      const isRejected = outcome.kind === 'grant_rejected' && grant.type === 'password'
      ledger?.record(askedAt, isRejected ? grant.password : undefined)
      if (outcome.kind === 'granted') return { ok: true, ...outcome, askedAt }
      if (outcome.kind === 'throttled' && ++throttles < mostThrottles) {
        await pause(Math.max(spacingMs, outcome.retryAfterMs ?? 0))
        continue
      }
      const host = { name, origin: endpoint.origin, explain: explainFailure }
      const { message } = loginFailure(outcome, grant, host, secretsOf(credentials, grant))
      return { ok: false, kind: outcome.kind, message }
    }
  })
}

function secretsOf(credentials: Environment['credentials'], grant: Grant): string[] {
  const { clientSecret, password } = credentials
  const own = Object.entries(grant).flatMap(([key, value]) =>
    ['type', 'username', 'redirectUri'].includes(key) ? [] : [value]
  )
  return [clientSecret, basicCredentials(credentials), ...own, ...(password === undefined ? [] : [password])]
}
