import type { FailureKind } from './failure.js'

/** What is known after a call was sent once: the facts, and nothing that can act. */
export interface Evidence {
  method: string
  /** The body can be sent again, byte for byte. */
  replayable: boolean
  /**
   * How the attempt ended. `unwritten`: the connection failed provably before the first byte of the request. `failed`:
   * too slow, unreadable or not to be trusted, which a second attempt would be, too.
   */
  ended: { answer: number; throttled: boolean } | { dropped: 'unwritten' | 'written' } | { failed: FailureKind }
  token: { ageMs: number; remainingMs: number; marginMs: number; idleMs: number }
  /** What has been done for this call already. */
  renewals: number
  resends: number
}

/**
 * deliver: hand over what came. renew: renew the token, then resend. retire: deliver, and let the next call renew the
 * token. wait: resend once the limit allows. resend: at once.
 */
export type Verdict = 'deliver' | 'renew' | 'retire' | 'wait' | 'resend'

/** A token nobody was let in with for this long may have been revoked: a 401 to it says more than a missing right. */
const doubtfulAfterMs = 60_000

/**
 * May this call be sent again? ServiceChannel documents 502, 503 and 504 as business answers of some routes and has no
 * idempotency keys, so a 5xx is delivered, never repeated. It answers an expired token and a missing permission with
 * the same 401, so only the token's age can tell them apart.
 */
export function judge(evidence: Evidence): Verdict {
  const { ended, replayable } = evidence
  if ('failed' in ended) return 'deliver'
  if ('dropped' in ended) {
    if (!replayable || evidence.resends > 0) return 'deliver'
    return ended.dropped === 'unwritten' || isSafe(evidence.method) ? 'resend' : 'deliver'
  }
  if (ended.throttled) return replayable ? 'wait' : 'deliver'
  if (ended.answer !== 401 || evidence.renewals > 0 || !isSuspect(evidence.token)) return 'deliver'
  return replayable ? 'renew' : 'retire'
}

/** It changes nothing, however often it is asked (RFC 9110 §9.2.1). */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isSuspect(token: Evidence['token']): boolean {
  const isNearItsEnd = token.remainingMs <= token.marginMs
  const isOldAndUnproved = token.ageMs > doubtfulAfterMs && token.idleMs > doubtfulAfterMs
  return isNearItsEnd || isOldAndUnproved
}
