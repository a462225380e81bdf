/** What kind of trouble a connection had, in the words of the error table. */
export type FailureKind = 'unreachable' | 'untrusted' | 'timeout' | 'dropped' | 'invalid'

export interface Failure {
  kind: FailureKind
  /** One clause for a person, without host names: it follows "… failed: ". */
  reason: string
  /** Nothing helps but that somebody mends it: to ask again at once is in vain. */
  isLasting: boolean
}

const unknownAuthority =
  'its certificate is signed by an authority this machine does not know; if it is your own, or that of Fiddler or a corporate proxy, name its certificate with caFile or --ca-file'
const noCommonVersion = 'it offers no TLS version that is allowed here (tls.minVersion, tls.maxVersion)'
const closedEarly = 'it closed the connection before it answered'

/** By code, of Node, OpenSSL or undici. */
const reasons: Record<FailureKind, Record<string, string>> = {
  unreachable: {
    ECONNREFUSED: 'nothing listens at its address, connection refused',
    ENOTFOUND: 'its name is not known to DNS',
    EAI_AGAIN: 'DNS did not answer',
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'there is no network to reach it by',
    EADDRNOTAVAIL: 'this machine has no address to reach it from',
    PROXY_WANTS_LOGIN: 'the corporate proxy wants a user and a password: put them into upstreamProxy',
    PROXY_AUTHENTICATION:
      'the corporate proxy refused the tunnel: check the user and password in upstreamProxy; so that no account is locked, they are not tried again for a quarter of an hour',
    PROXY_NOT_BASIC:
      'the corporate proxy wants a login that is not spoken here (NTLM or Kerberos): name a local helper that speaks it, such as Px or Cntlm, as upstreamProxy'
  },
  timeout: {
    ETIMEDOUT: 'the connection to it timed out',
    PROXY_TIMEOUT: 'the corporate proxy did not answer in time',
    POOL_BUSY: 'all connections to it stayed busy (pool.connections)',
    UND_ERR_CONNECT_TIMEOUT: 'it did not accept a connection in time',
    UND_ERR_HEADERS_TIMEOUT: 'it did not begin its answer in time',
    UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of its answer'
  },
  dropped: { ECONNRESET: closedEarly, EPIPE: closedEarly, UND_ERR_SOCKET: closedEarly },
  invalid: {
    UND_ERR_HEADERS_OVERFLOW: 'the head of its answer is too large',
    // undici asserts that a status is a status.
    ERR_ASSERTION: 'its answer is not HTTP',
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its answer is longer or shorter than it said'
  },
  untrusted: {
    SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
    CERT_SIGNATURE_FAILURE: unknownAuthority,
    UNABLE_TO_GET_ISSUER_CERT: 'its certificate chain is incomplete',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; if it is your own, name it with caFile or --ca-file',
    CERT_HAS_EXPIRED: 'its certificate has expired',
    CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clock of this machine',
    CERT_REVOKED: 'its certificate has been revoked',
    ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
    ERR_SSL_UNSUPPORTED_PROTOCOL: noCommonVersion,
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: noCommonVersion,
    ERR_SSL_VERSION_TOO_LOW: noCommonVersion,
    ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
    EPROTO: 'the TLS handshake failed'
  }
}

const proxyLogins = new Set(['PROXY_WANTS_LOGIN', 'PROXY_AUTHENTICATION', 'PROXY_NOT_BASIC'])

const byCode = new Map<string, Failure>(
  Object.entries(reasons).flatMap(([kind, codes]) =>
    Object.entries(codes).map(([code, reason]): [string, Failure] => [
      code,
      // undici's codes and ours tell a person nothing; the others can be looked up.
      {
        kind: kind as FailureKind,
        reason: /^(UND|PROXY|POOL)_/.test(code) ? reason : `${reason} (${code})`,
        isLasting: kind === 'untrusted' || proxyLogins.has(code)
      }
    ])
  )
)

/**
 * Reads any error of a connection: by its code, or that of its causes, never by its text, which changes with the
 * version of OpenSSL and may name hosts.
 */
export function explainFailure(error: unknown): Failure {
  for (let current = error, depth = 0; current instanceof Error && depth < 6; depth++) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : ''
    if (code === 'PROXY_UNREACHABLE') return explainProxy(current.cause)
    const failure = byCode.get(code) ?? byFamily(code, current.name)
    if (failure) return failure
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return passing('unreachable', 'the connection failed')
}

/** Nobody should look for the server where it is the forward proxy that is away, or not trusted. */
function explainProxy(cause: unknown): Failure {
  const { kind, reason, isLasting } = explainFailure(cause)
  const why = kind === 'untrusted' ? reason : 'check upstreamProxy'
  return { kind: 'unreachable', reason: `the corporate proxy cannot be reached: ${why}`, isLasting }
}

function byFamily(code: string, name: string): Failure | undefined {
  if (code.startsWith('PROXY_ANSWERED_'))
    return passing('unreachable', `the corporate proxy refused the tunnel (it answered ${code.slice(-3)})`)
  if (code.startsWith('HPE_')) return passing('invalid', `its answer is not HTTP (${code})`)
  // undici's own parser knows the reason in words only, and has no code.
  if (name === 'HTTPParserError') return passing('invalid', 'its answer is not HTTP')
  if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_)/.test(code))
    return { kind: 'untrusted', reason: `the TLS handshake failed (${code})`, isLasting: true }
  return undefined
}

const passing = (kind: FailureKind, reason: string): Failure => ({ kind, reason, isLasting: false })
