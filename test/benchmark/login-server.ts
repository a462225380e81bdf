import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Scope } from './scope.js'
import { json, startService } from './service.js'
import type { Upstream } from './upstream.js'

/** From a login's arrival to its answer, in milliseconds since the epoch. */
export interface Login {
  readonly from: number
  readonly to: number
}

/** A login server that takes its time, in front of the usual API. */
export interface LoginServer {
  /** For sc-proxy: the API as it is, this login server, and who signed both certificates. */
  readonly upstream: { readonly apiUrl: string; readonly loginUrl: string; readonly caFile: string }
  /** All that it has granted so far. */
  readonly logins: readonly Login[]
}

/** @param terms how long a token lives, in seconds, and how long a login takes, in ms */
export async function startLoginServer(
  scope: Scope,
  { apiUrl, ca, token }: Upstream,
  { lifeSeconds, tookMs }: { lifeSeconds: number; tookMs: number }
): Promise<LoginServer> {
  const logins: Login[] = []
  const now = () => performance.timeOrigin + performance.now()
  const answer = { access_token: token, token_type: 'bearer', expires_in: lifeSeconds, refresh_token: 'invented' }
  // What serves the API there serves logins here: the proxy asks for nothing else.
  const service = await startService(scope, async (_request, response) => {
    const from = now()
    await pause(tookMs)
    json(response, 200, answer)
    logins.push({ from, to: now() })
  })
  const caFile = join(scope.folder(), 'ca.pem')
  writeFileSync(caFile, `${ca}\n${service.ca}`)
  return { upstream: { apiUrl, loginUrl: service.apiUrl, caFile }, logins }
}
