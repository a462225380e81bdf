import { timingSafeEqual } from 'node:crypto'

/** What the login page was asked for, and led back with (RFC 6749 §4.1). */
export type Authorization = { ok: true; code: string } | { ok: false; reason: string; isForeign?: boolean }

/**
 * The login page for one login. Without PKCE (RFC 7636): ServiceChannel does not document it, and the code is worth nothing without
 * the client secret; `state` ties the answer to whoever asked.
 */
export function authorizeUrl(loginUrl: string, clientId: string, redirectUri: string, state: string): string {
  const url = new URL('/oauth/authorize', loginUrl)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state
  }).toString()
  return url.href
}

/** Reads where the login page led back to. An answer with another state is nobody's we asked. */
export function readCallback(query: URLSearchParams, state: string): Authorization {
  if (!isSame(query.get('state') ?? '', state)) {
    return {
      ok: false,
      reason: 'The answer does not belong to this login (another state): begin again.',
      isForeign: true
    }
  }
  const error = query.get('error')
  if (error !== null) {
    const word = error.replace(/[^\w.-]/g, '').slice(0, 60)
    return { ok: false, reason: `The login page refused (${word}).` }
  }
  const code = query.get('code')
  return code ? { ok: true, code } : { ok: false, reason: 'The answer of the login page holds no code.' }
}

/** Reads what a person copied: the whole address the login page led to, or the code in it. */
export function readPasted(text: string, state: string): Authorization {
  const pasted = text.trim()
  if (URL.canParse(pasted)) return readCallback(new URL(pasted).searchParams, state)
  if (/^[?&]?[\w.]+=/.test(pasted)) return readCallback(new URLSearchParams(pasted.replace(/^[?&]/, '')), state)
  const code = decoded(pasted)
  return code && !/\s/.test(code) ? { ok: true, code } : { ok: false, reason: 'That is neither an address nor a code.' }
}

/** In an address the code is percent-encoded, and so it is copied. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
