import type { Explanation } from './login-failure.js'

const untrusted =
  /^(?:ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_|CERT_|EPROTO$|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/
const timedOut = /^UND_ERR_(?:HEADERS|BODY)_TIMEOUT$/
const dropped = /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET)$/

/** Tells connection failures apart by the `code` of Node, OpenSSL or undici, wherever in the chain of causes it is. */
export function explainConnectionFailure(error: unknown): Explanation {
  const code = codeOf(error)
  if (code === undefined) return { kind: 'unreachable', sentence: 'the connection failed' }
  if (untrusted.test(code)) return { kind: 'untrusted', sentence: `its certificate or TLS was refused (${code})` }
  if (timedOut.test(code)) return { kind: 'timeout', sentence: code }
  if (dropped.test(code)) return { kind: 'dropped', sentence: `the connection was dropped (${code})` }
  return { kind: 'unreachable', sentence: `no connection (${code})` }
}

function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z0-9_]+$/.test(at.code)) return at.code
  }
  return undefined
}
