import { ProxyError } from '../errors.js'

/** Whole seconds, at least one: what `retry-after` can say. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

/** Too many calls wait already. `againMs`: when the same call would be accepted. */
export function queueFull(waiting: number, againMs: number): ProxyError {
  const retryAfter = seconds(againMs)
  return new ProxyError('queue_full', `${waiting} calls are waiting already; try again in ${retryAfter} s.`, {
    retryAfter
  })
}

/** The wait is longer than the call may wait, or has become so: then what is left of it, `waitMs`, may be short. */
export function waitTooLong(waitMs: number, boundMs: number): ProxyError {
  const retryAfter = seconds(waitMs - boundMs)
  const why =
    waitMs > boundMs
      ? `A free place is ${seconds(waitMs)} s away and this call may wait ${Math.round(boundMs / 1000)} s`
      : `This call has waited for ${seconds(boundMs)} s, as long as it may, and a free place is still ${seconds(waitMs)} s away`
  return new ProxyError('wait_too_long', `${why}; try again in ${retryAfter} s.`, { retryAfter })
}

/** The proxy is shutting down before the call's turn. `waitMs`: how long the wait would have been. */
export function draining(waitMs: number): ProxyError {
  const retryAfter = seconds(waitMs)
  return new ProxyError('draining', `The proxy is shutting down; try again in ${retryAfter} s.`, { retryAfter })
}

/** Nobody is there any more to receive an answer. */
export function clientLeft(signal: AbortSignal): ProxyError {
  return new ProxyError('client_left', 'The client left before its turn came.', { cause: signal.reason })
}
