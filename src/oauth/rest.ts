import { ProxyError } from '../errors.js'

/** Pauses after the first, second, … failure in a row, in milliseconds; the last one repeats. */
const pauses = [5_000, 10_000, 20_000, 40_000, 60_000]

/** What keeps a login from being tried now: for good after a rejection, for a while after anything else. */
export interface Rest {
  /**
   * The login failed. A rejection is remembered until `end`, since a password repeated is an account locked; any
   * other failure for a growing pause. Returns the failure as the caller should see it, with the honest `retryAfter`.
   *
   * @param atLeastMs how long no request could be sent anyway
   * @param atMostMs how long a token still serves: its end deserves a try of its own
   */
  failed(failure: ProxyError, atLeastMs: number, atMostMs: number): ProxyError
  /** The failure to answer with instead of asking, or undefined when asking is allowed. */
  refusal(): ProxyError | undefined
  /** A login worked, or a person wants one tried now. */
  end(): void
  lastFailure(): ProxyError | undefined
  /** Milliseconds until the next try; 0 when nothing stands against one, Infinity after a rejection. */
  remainingMs(): number
}

/** @param now monotonic milliseconds */
export function createRest(now: () => number): Rest {
  let failure: ProxyError | undefined
  let failures = 0
  let until = Number.NEGATIVE_INFINITY

  const remainingMs = () => Math.max(0, until - now())
  const dated = ({ code, message }: ProxyError) => {
    const wait = remainingMs()
    const retryAfter = Number.isFinite(wait) ? Math.max(1, Math.ceil(wait / 1000)) : undefined
    return new ProxyError(code, message, { retryAfter })
  }

  return {
    failed(latest, atLeastMs, atMostMs) {
      const pauseMs = pauses[Math.min(failures, pauses.length - 1)] ?? 0
      failure = latest
      failures += 1
      until =
        latest.code === 'login_rejected'
          ? Number.POSITIVE_INFINITY
          : now() + Math.min(Math.max(pauseMs, atLeastMs), atMostMs)
      return dated(latest)
    },
    refusal: () => (failure !== undefined && remainingMs() > 0 ? dated(failure) : undefined),
    end() {
      failure = undefined
      failures = 0
      until = Number.NEGATIVE_INFINITY
    },
    lastFailure: () => failure,
    remainingMs
  }
}
