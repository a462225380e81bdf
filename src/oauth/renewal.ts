import type { ProxyError } from '../errors.js'
import type { Failure, Outcome } from './answer.js'
import type { Governor } from './governor.js'
import type { Grant } from './grant.js'
import { type LoginHost, loginFailure, nothingToLogInWith } from './login-failure.js'
import type { Session } from './session.js'

/** How long the waits for a throttling server may hold a caller, and how often it is asked meanwhile. */
const patienceMs = 30_000
const mostThrottles = 4

export interface Renewal {
  accessToken: string
  grant: Grant['type']
  /** When it was asked for: its life counts from here, whatever the answer took. */
  askedAt: number
  lifeMs: number
}

export interface RenewalOptions {
  session: Session
  governor: Governor
  host: LoginHost
  send: (grant: Grant, signal: AbortSignal) => Promise<Outcome>
  now: () => number
  /** Whether callers are waiting for this, so that a failure that may pass is worth a second try. */
  urgent: () => boolean
  onFailure: (failure: ProxyError, grant: Grant, retrying: boolean) => void
  signal: AbortSignal
}

/**
 * One renewal from the first request to a token or a failure: falls back from refused refresh tokens to the password,
 * waits while the server throttles, tries once more after a failure that may pass. Every request has its turn with
 * the governor. Rejects with ProxyError, or with the signal's reason.
 */
export async function renew(options: RenewalOptions): Promise<Renewal> {
  const { session, governor, host, send, now, urgent, onFailure, signal } = options
  const startedAt = now()
  let throttles = 0
  let failures = 0

  function worthRetrying(outcome: Failure, grant: Grant): boolean {
    if (outcome.kind === 'client_rejected' || outcome.kind === 'grant_rejected') {
      session.refused(grant)
      return grant.type === 'refresh_token' && session.nextGrant() !== undefined
    }
    if (outcome.kind === 'throttled') {
      throttles += 1
      return throttles < mostThrottles && now() - startedAt + governor.waitMs() <= patienceMs
    }
    // A code is good for one try: whether the server has seen it is not known (RFC 6749 §4.1.2).
    failures += 1
    const isLasting = outcome.kind === 'failed' && host.explain(outcome.error).isLasting
    return failures === 1 && urgent() && grant.type !== 'authorization_code' && !isLasting
  }

  for (;;) {
    const grant = session.nextGrant()
    if (grant === undefined) throw nothingToLogInWith(host)
    const { askedAt, outcome } = await governor.run(async () => {
      const askedAt = now()
      const outcome = await send(grant, signal)
      if (outcome.kind === 'throttled') governor.restFor(outcome.retryAfterMs ?? 0)
      return { askedAt, outcome: expireOnArrival(outcome, now() - askedAt) }
    }, signal)
    if (outcome.kind === 'granted') {
      session.granted(grant, outcome.refreshToken, askedAt)
      return { accessToken: outcome.accessToken, grant: grant.type, askedAt, lifeMs: outcome.lifeMs }
    }
    const failure = loginFailure(outcome, grant, host, session.secrets())
    const retrying = worthRetrying(outcome, grant)
    onFailure(failure, grant, retrying)
    if (!retrying) throw failure
  }
}

/** A token whose life was over before it got here is no token. */
function expireOnArrival(outcome: Outcome, tookMs: number): Outcome {
  return outcome.kind === 'granted' && outcome.lifeMs <= tookMs
    ? { kind: 'unusable', reason: 'took longer to answer than its token lives' }
    : outcome
}
