import { isLinkedRoute } from './links.js'

/** Names of one hop only (RFC 9110 §7.6.1), with those that Connection itself names added per message. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
])

/**
 * What a client says to us and not to ServiceChannel: credentials and cookies are the proxy's business, Expect has
 * been answered, and the rest would tell ServiceChannel about the machine or page the call came from.
 */
const keptHere = new Set([
  'host',
  'authorization',
  'cookie',
  'expect',
  'origin',
  'referer',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-user',
  'x-sc-proxy-key'
])

/** ServiceChannel's cookies belong to the proxy's session, and its proxies are none of the client's. */
const keptFromClients = new Set(['set-cookie', 'set-cookie2', 'alt-svc'])

/** The request's headers as they leave: order, letters and repetitions kept. Flat list of names and values. */
export function requestHeaders(raw: readonly string[], target: string): string[] {
  const dropped = isLinkedRoute(target) ? new Set([...keptHere, 'accept-encoding']) : keptHere
  const headers = withoutHops(raw, dropped)
  // Links are replaced in the text of the answer, so it must come as text.
  if (dropped !== keptHere) headers.push('accept-encoding', 'identity')
  return headers
}

/** The answer's headers as they are handed on, in the same form. */
export function responseHeaders(raw: readonly string[]): string[] {
  return withoutHops(raw, keptFromClients)
}

function withoutHops(raw: readonly string[], dropped: ReadonlySet<string>): string[] {
  const named = namedInConnection(raw)
  const headers: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const key = name.toLowerCase()
    if (!hopByHop.has(key) && !dropped.has(key) && !named?.has(key)) headers.push(name, raw[i + 1] ?? '')
  }
  return headers
}

function namedInConnection(raw: readonly string[]): Set<string> | undefined {
  let named: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== 'connection') continue
    named ??= new Set()
    for (const token of (raw[i + 1] ?? '').split(',')) named.add(token.trim().toLowerCase())
  }
  // A client could otherwise take the framing of its own body away.
  named?.delete('content-length')
  return named
}
