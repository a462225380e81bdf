/**
 * Every failure the proxy can answer with: one row each. The code goes out in `x-sc-proxy-error` and in the problem
 * body (RFC 9457), so a row is never renamed.
 */
export const problems = {
  bad_request: { status: 400, title: 'The request cannot be used' },
  headers_too_large: { status: 431, title: 'The request head is too large' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  method_not_supported: { status: 405, title: 'The method is not supported' },
  host_not_allowed: { status: 403, title: 'The host name is not a name of this proxy' },
  origin_not_allowed: { status: 403, title: 'Web pages of another origin may not use this proxy' },
  client_key_required: { status: 403, title: 'A client key is required' },
  read_only: { status: 403, title: 'This listener is read-only' },
  rule_denied: { status: 403, title: 'A rule of this listener forbids the request' },
  target_not_allowed: { status: 403, title: 'The request names another server' },
  queue_full: { status: 429, title: 'The queue is full' },
  wait_too_long: { status: 429, title: 'The wait for a free place would be too long' },
  login_rejected: { status: 502, title: 'ServiceChannel rejected the login' },
  login_unreachable: { status: 502, title: 'The login server cannot be reached' },
  login_untrusted: { status: 502, title: 'The login server cannot be trusted' },
  login_resting: { status: 503, title: 'Login is not possible right now' },
  login_timeout: { status: 504, title: 'The login server was too slow' },
  upstream_unreachable: { status: 502, title: 'The API server cannot be reached' },
  upstream_untrusted: { status: 502, title: 'The API server cannot be trusted' },
  upstream_dropped: { status: 502, title: 'The API server dropped the connection' },
  upstream_invalid: { status: 502, title: 'The API server sent an answer that is not HTTP' },
  upstream_timeout: { status: 504, title: 'The API server was too slow' },
  draining: { status: 503, title: 'The proxy is shutting down' },
  client_left: { status: 499, title: 'The client left before the answer' },
  internal: { status: 500, title: 'The proxy itself failed' }
} as const satisfies Record<string, { status: number; title: string }>

/** The stable name of a failure, as clients see it in `x-sc-proxy-error`. */
export type ProblemCode = keyof typeof problems

export interface ProblemOptions {
  /** Seconds after which the same request may succeed; becomes the `retry-after` header. */
  retryAfter?: number
  cause?: unknown
}

/**
 * A failure that has a row in the table above. `message` is one sentence for the person who called: what is wrong
 * and what to do. It never holds a secret; whatever might stays in `cause`, which is never sent or logged whole.
 */
export class ProxyError extends Error {
  readonly code: ProblemCode
  readonly retryAfter: number | undefined

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'ProxyError'
    this.code = code
    this.retryAfter = options.retryAfter
  }

  get status(): number {
    return problems[this.code].status
  }

  get title(): string {
    return problems[this.code].title
  }
}

/** The document of a failure (RFC 9457), with its sentence also where ServiceChannel's clients look for one. */
export function problemBody({ code, title, status, message }: ProxyError): string {
  return `${JSON.stringify({ type: `urn:sc-proxy:problem:${code}`, title, status, detail: message, code, ErrorMessage: message })}\n`
}
