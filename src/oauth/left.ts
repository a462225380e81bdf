import { ProxyError } from '../errors.js'

/** What a caller whose signal was aborted is told: the reason, when that is a ProxyError. */
export function left(signal: AbortSignal): ProxyError {
  const { reason } = signal
  return reason instanceof ProxyError
    ? reason
    : new ProxyError('client_left', 'The client left while the login was under way.', { cause: reason })
}
