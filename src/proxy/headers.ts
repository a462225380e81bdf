import { isNamed, oneOf } from '../header-list.js'

/** Names of one hop only (RFC 9110 §7.6.1), with those that Connection itself names added per message. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
]

/**
 * What a client says to us and not to ServiceChannel: credentials and cookies are the proxy's business, Expect has
 * been answered, and the rest would tell ServiceChannel about the machine or page the call came from.
 */
const keptHere = [
  ...hopByHop,
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
]

const isKeptHere = oneOf(keptHere)
const isKeptOnLinkedRoutes = oneOf([...keptHere, 'accept-encoding', 'range', 'if-range'])

/**
 * ServiceChannel's cookies belong to the proxy's session, its proxies are none of the client's, which pages may read an
 * answer is for the listener to say, and what the proxy says of itself nobody else may.
 */
const isKeptFromClients = oneOf([
  ...hopByHop,
  'set-cookie',
  'set-cookie2',
  'alt-svc',
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
  'x-request-id',
  'x-sc-proxy-environment',
  'x-sc-proxy-error'
])

/**
 * The request's headers as they leave: order, letters and repetitions kept. Flat list of names and values.
 *
 * @param isLinked links in the answer will be replaced
 */
export function requestHeaders(raw: readonly string[], isLinked: boolean): string[] {
  if (!isLinked) return withoutHops(raw, isKeptHere)
  // Links are replaced in the text of the answer, so it must come as text, and whole: the places of a Range would shift.
  return [...withoutHops(raw, isKeptOnLinkedRoutes), 'accept-encoding', 'identity']
}

/** The answer's headers as they are handed on, in the same form. */
export function responseHeaders(raw: readonly string[]): string[] {
  return withoutHops(raw, isKeptFromClients)
}

function withoutHops(raw: readonly string[], isDropped: (name: string) => boolean): string[] {
  const headers: string[] = []
  let named: Set<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    if (isNamed(name, 'connection')) named = addNamed(named, value)
    else if (!isDropped(name)) headers.push(name, value)
  }
  if (named === undefined) return headers
  const others = named
  return headers.filter((_, i) => !others.has(headers[i - (i % 2)]?.toLowerCase() ?? ''))
}

/** The fields that Connection names are of one hop, too. */
function addNamed(named: Set<string> | undefined, connection: string): Set<string> | undefined {
  if (connection.toLowerCase() === 'keep-alive') return named // which goes anyway
  const all = named ?? new Set()
  for (const token of connection.split(',')) all.add(token.trim().toLowerCase())
  // A client could otherwise take the framing of its own body away.
  all.delete('content-length')
  return all
}
