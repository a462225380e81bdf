import { answerLocally } from './answer.js'
import type { Call } from './call.js'
import { canonicalPath } from './target.js'

/** What a client that insists on logging in is given. The proxy replaces it by the real token on every call. */
const placeholder = 'sc-proxy-placeholder-token'

/** Is this the login of a client that does not know it need not log in? */
export function isStandInLogin({ method, target }: Call): boolean {
  return method === 'POST' && canonicalPath(target) === '/oauth/token'
}

/**
 * Answers it in the shape of ServiceChannel's own (RFC 6749 §5.1). Nothing is sent upstream, and whatever secrets the
 * client sent are not even read. With a client key the key itself is the token: who asks has just shown it.
 */
export function answerStandInLogin(call: Call, clientKey = placeholder): void {
  const token = { access_token: clientKey, token_type: 'bearer', expires_in: 600, refresh_token: clientKey }
  answerLocally(
    call,
    200,
    ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-store', 'pragma', 'no-cache'],
    JSON.stringify(token)
  )
}
