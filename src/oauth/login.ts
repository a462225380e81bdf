import { type ProblemCode, ProxyError } from '../errors.js'
import { toTenths } from '../telemetry/records.js'
import type { Governor } from './governor.js'
import { ask, type Grant, type LoginServer } from './grant.js'
import type { LoginHost } from './login-failure.js'
import { type Renewal, renew } from './renewal.js'
import { createRest, type Rest } from './rest.js'
import type { Session } from './session.js'

/** What happened at the token endpoint. For log and metrics: holds no secret. */
export type TokenEvent =
  | { type: 'renewed'; grant: Grant['type']; lifeMs: number; tookMs: number }
  | { type: 'failed'; grant: Grant['type']; code: ProblemCode; message: string; retrying: boolean }

/** One session at work: renews, and remembers what keeps it from renewing. */
export interface Login {
  readonly session: Session
  readonly rest: Rest
  /**
   * A new token, or a ProxyError that the rest then remembers, or the signal's reason.
   *
   * @param servesForMs how long the token of before still serves; while it does, nothing is tried twice
   */
  renew(servesForMs: () => number, signal: AbortSignal): Promise<Renewal>
}

/** Makes a login one of several processes, which renew once for all of them. */
export type ShareLogin = (login: Login, governor: Governor) => Login

export interface LoginOptions {
  session: Session
  server: LoginServer
  governor: Governor
  host: LoginHost
  now: () => number
  onEvent: (event: TokenEvent) => void
  /** Keeps the session where it outlives the process; never rejects. */
  keep: (session: Session) => Promise<void>
}

/** A login that has not been tried yet. */
export function createLogin({ session, server, governor, host, now, onEvent, keep }: LoginOptions): Login {
  const rest = createRest(now)
  return {
    session,
    rest,
    async renew(servesForMs, signal) {
      try {
        const renewal = await renew({
          session,
          governor,
          host,
          send: (grant, signal) => ask(server, session.credentials, grant, signal),
          now,
          urgent: () => servesForMs() === 0,
          onFailure: ({ code, message }, grant, retrying) =>
            onEvent({ type: 'failed', grant: grant.type, code, message, retrying }),
          signal
        })
        // Before anybody can use what came: a refresh token that is lost with the process may have been the only one.
        await keep(session)
        rest.end()
        const { grant, lifeMs, askedAt } = renewal
        onEvent({ type: 'renewed', grant, lifeMs: toTenths(lifeMs), tookMs: toTenths(now() - askedAt) })
        return renewal
      } catch (error) {
        if (!(error instanceof ProxyError)) throw error
        throw rest.failed(error, governor.waitMs(), servesForMs() || Number.POSITIVE_INFINITY)
      }
    }
  }
}
