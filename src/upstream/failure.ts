/** What kind of trouble a connection had, in the words of the error table. */
export type FailureKind = 'unreachable' | 'untrusted' | 'timeout' | 'dropped' | 'invalid'

export interface Failure {
  kind: FailureKind
  /** One clause for a person, without host names: it completes "… because ". */
  reason: string
}

const reasons: Record<string, [FailureKind, string]> = {
  ECONNREFUSED: ['unreachable', 'nothing listens at its address (connection refused)'],
  ENOTFOUND: ['unreachable', 'its name is not known to DNS'],
  EAI_AGAIN: ['unreachable', 'DNS did not answer'],
  EHOSTUNREACH: ['unreachable', 'there is no route to it'],
  ENETUNREACH: ['unreachable', 'there is no network to reach it by'],
  EADDRNOTAVAIL: ['unreachable', 'this machine has no address to reach it from'],
  PROXY_UNREACHABLE: ['unreachable', 'the corporate proxy cannot be reached: check upstreamProxy'],
  PROXY_TIMEOUT: ['timeout', 'the corporate proxy did not answer in time'],
  PROXY_AUTHENTICATION: [
    'unreachable',
    'the corporate proxy refused the tunnel: check the user and password in upstreamProxy'
  ],
  ETIMEDOUT: ['timeout', 'the connection to it timed out'],
  POOL_BUSY: ['timeout', 'all connections to it stayed busy (pool.connections)'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'it did not accept a connection in time'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout', 'it did not begin its answer in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout', 'it stopped in the middle of its answer'],
  ECONNRESET: ['dropped', 'it closed the connection before it answered'],
  EPIPE: ['dropped', 'it closed the connection before it answered'],
  UND_ERR_SOCKET: ['dropped', 'it closed the connection before it answered'],
  UND_ERR_HEADERS_OVERFLOW: ['invalid', 'the head of its answer is too large'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['invalid', 'its answer is longer or shorter than it said'],
  SELF_SIGNED_CERT_IN_CHAIN: [
    'untrusted',
    'its certificate is signed by an authority this machine does not know; if it is your own, name its certificate with caFile'
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['untrusted', 'its certificate is self-signed; if it is your own, name it with caFile'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'untrusted',
    'its certificate is signed by an authority this machine does not know; if it is your own, name its certificate with caFile'
  ],
  UNABLE_TO_GET_ISSUER_CERT: ['untrusted', 'its certificate chain is incomplete'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'untrusted',
    'its certificate is signed by an authority this machine does not know; if it is your own, name its certificate with caFile'
  ],
  CERT_SIGNATURE_FAILURE: [
    'untrusted',
    'its certificate is signed by an authority this machine does not know; if it is your own, name its certificate with caFile'
  ],
  CERT_HAS_EXPIRED: ['untrusted', 'its certificate has expired'],
  CERT_NOT_YET_VALID: ['untrusted', 'its certificate is not valid yet; check the clock of this machine'],
  CERT_REVOKED: ['untrusted', 'its certificate has been revoked'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['untrusted', 'its certificate is for another name'],
  ERR_SSL_UNSUPPORTED_PROTOCOL: [
    'untrusted',
    'it offers no TLS version that is allowed here (tls.minVersion, tls.maxVersion)'
  ],
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: [
    'untrusted',
    'it offers no TLS version that is allowed here (tls.minVersion, tls.maxVersion)'
  ],
  ERR_SSL_VERSION_TOO_LOW: [
    'untrusted',
    'it offers no TLS version that is allowed here (tls.minVersion, tls.maxVersion)'
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: ['untrusted', 'it does not speak TLS'],
  EPROTO: ['untrusted', 'the TLS handshake failed']
}

/**
 * Reads any error of a connection: by its code, or that of its causes, never by its text, which changes with the
 * version of OpenSSL and may name hosts.
 */
export function explainFailure(error: unknown): Failure {
  for (let current = error, depth = 0; current instanceof Error && depth < 6; depth++) {
    const failure = byCode(current)
    if (failure) return failure
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return { kind: 'unreachable', reason: 'the connection failed' }
}

function byCode(error: Error): Failure | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const known = reasons[code]
  if (known) return { kind: known[0], reason: /^(UND|PROXY|POOL)_/.test(code) ? known[1] : `${known[1]} (${code})` }
  if (error.name === 'HTTPParserError' || code === 'ERR_ASSERTION')
    return { kind: 'invalid', reason: 'its answer is not HTTP' }
  if (code.startsWith('PROXY_ANSWERED_'))
    return { kind: 'unreachable', reason: `the corporate proxy refused the tunnel (it answered ${code.slice(-3)})` }
  if (/^(ERR_TLS|ERR_SSL|CERT_|ERR_OSSL)/.test(code))
    return { kind: 'untrusted', reason: `the TLS handshake failed (${code})` }
  return undefined
}
