/** A request target taken apart without changing a byte of it (RFC 9112 §3.2). */
export interface Target {
  /** Clients that take us for their forward proxy send absolute-form. */
  readonly form: 'origin' | 'absolute' | 'other'
  /** The authority named by an absolute-form target. */
  readonly authority: string | undefined
  /** Path and query as they will be sent. */
  readonly path: string
}

export function readTarget(raw: string): Target {
  if (raw.startsWith('/')) return { form: 'origin', authority: undefined, path: raw }
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(raw)
  if (!absolute) return { form: 'other', authority: undefined, path: raw }
  const [, authority = '', rest = ''] = absolute
  return { form: 'absolute', authority, path: rest.startsWith('/') ? rest : `/${rest}` }
}

/** The path of a target, as it was sent. */
export function withoutQuery(target: string): string {
  const end = target.indexOf('?')
  return end < 0 ? target : target.slice(0, end)
}

/**
 * The path as ServiceChannel will understand it: percent-decoded, dot segments resolved, repeated slashes joined,
 * lower case. Rules are matched against this form only, so that `%2e%2e`, `//` or letter case cannot step around
 * them. Undefined when it cannot be decoded, or holds a `#`, which one server takes for the end and another for a letter.
 */
export function canonicalPath(path: string): string | undefined {
  if (path.includes('#')) return undefined
  let decoded = withoutQuery(path)
  try {
    // Twice: a server behind the first may decode again.
    decoded = decodeURIComponent(decodeURIComponent(decoded))
  } catch {
    return undefined
  }
  const segments: string[] = []
  for (const segment of decoded.replaceAll('\\', '/').split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`.toLowerCase()
}
