import { defaultTokenLifeSeconds } from '../servicechannel/environments.js'

/** What the token endpoint answered, or that it did not. Holds secrets and raw server text: never leaves this folder. */
export type Outcome =
  | { kind: 'granted'; accessToken: string; refreshToken: string | undefined; lifeMs: number }
  | { kind: 'client_rejected' }
  | { kind: 'grant_rejected'; error: string | undefined; description: string | undefined }
  | { kind: 'throttled'; retryAfterMs: number | undefined }
  | { kind: 'unusable'; reason: string }
  | { kind: 'timeout' }
  | { kind: 'failed'; error: unknown }

/** Everything but a token. */
export type Failure = Exclude<Outcome, { kind: 'granted' }>

/** A longer `Retry-After` on a limit of five seconds is taken for a mistake. */
const longestRetryAfterMs = 60_000

/**
 * Judges the answer of a token endpoint (RFC 6749 §5), with what ServiceChannel's does differently: a client it does
 * not know is redirected to its login page, too many logins are announced in an `Error-Message` header under 429 or 503,
 * `expires_in` may be quoted. Fields it leaves out or sends as null are forgiven where nothing depends on them.
 * Rejects when the body cannot be received.
 */
export async function readAnswer(response: Response): Promise<Outcome> {
  const { status } = response
  const verdict = judgeHead(response)
  if (verdict !== undefined) {
    response.body?.cancel().catch(() => {})
    return verdict
  }
  const text = await response.text()
  const body = parseObject(text)
  if (response.ok && body?.access_token !== undefined) return readToken(body)
  if (response.ok && isLoginPage(text)) return { kind: 'client_rejected' }
  const error = asText(body?.error)
  if (response.ok && error === undefined) return { kind: 'unusable', reason: 'answered without a token' }
  // RFC 6749 §5.2 has 401 for a client that could not be authenticated, whatever the body says or leaves out.
  if (error === 'invalid_client' || error === 'unauthorized_client' || (status === 401 && error === undefined)) {
    return { kind: 'client_rejected' }
  }
  return { kind: 'grant_rejected', error, description: asText(body?.error_description) }
}

function judgeHead({ status, headers, url }: Response): Outcome | undefined {
  const message = headers.get('error-message')
  const retryAfterMs = readRetryAfter(headers)
  const throttled =
    status === 429 ||
    (status === 503 && (message !== null || retryAfterMs !== undefined)) ||
    (message !== null && /attempts limit/i.test(message))
  if (throttled) return { kind: 'throttled', retryAfterMs }
  if (status >= 300 && status < 400) {
    return isElsewhere(headers.get('location'), url)
      ? { kind: 'unusable', reason: 'sends its callers to another host' }
      : { kind: 'client_rejected' }
  }
  // Only these judge what was sent. Anything else, 404 and 500 alike, says something about the server.
  const judged = (status >= 200 && status < 300) || status === 400 || status === 401 || status === 403
  return judged ? undefined : { kind: 'unusable', reason: `answered ${status}` }
}

function readToken(body: Record<string, unknown>): Outcome {
  const accessToken = asText(body.access_token)
  const type = body.token_type ?? 'bearer'
  const lifeMs = readLife(body.expires_in)
  if (accessToken === undefined || lifeMs === undefined || String(type).toLowerCase() !== 'bearer') {
    return { kind: 'unusable', reason: 'answered with a token that cannot be used' }
  }
  return { kind: 'granted', accessToken, refreshToken: asText(body.refresh_token), lifeMs }
}

/** Milliseconds; undefined when it is neither absent nor a positive number, quoted or not. */
function readLife(expiresIn: unknown): number | undefined {
  const value = expiresIn ?? defaultTokenLifeSeconds
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}

/** Seconds or a date (RFC 9110 §10.2.3), the date measured against the server's own clock where it shows that. */
function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (value === undefined) return undefined
  const date = Date.parse(headers.get('date') ?? '')
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - (Number.isNaN(date) ? Date.now() : date)
  return ms >= 0 && ms <= longestRetryAfterMs ? ms : undefined
}

/** A gateway on the way, or a page about maintenance, says nothing about the client. */
function isElsewhere(location: string | null, url: string): boolean {
  if (!location || !URL.canParse(location, url) || /\/Account\/LogOn/i.test(location)) return false
  return new URL(location, url).host !== new URL(url).host
}

function isLoginPage(text: string): boolean {
  return /<input[^>]+type=["']?password|\/Account\/LogOn/i.test(text)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
