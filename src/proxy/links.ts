import { Transform } from 'node:stream'

/** OData routes answer with absolute links to themselves, in `http://` form though plain HTTP is refused. */
export function isLinkedRoute(target: string): boolean {
  return /^(?:\/v\d+)?\/+odata\//i.test(target)
}

/** Absolute forms of the API's host: with or without the default port of either scheme. */
function hostPattern(apiUrl: string, slash: string): string {
  const { hostname, port } = new URL(apiUrl)
  const escaped = hostname.replace(/[.[\]]/g, '\\$&')
  const ports = port === '' ? '(?::443|:80)?' : `:${port}`
  return `${slash}${slash}${escaped}${ports}`
}

/** A Location that leads back to the API, as the client can follow it; any other is left as it is. */
export function relinkLocation(location: string, apiUrl: string, ownOrigin: string): string {
  // The scheme may be missing (RFC 9110 §10.2.2 allows any reference): a client would then put our http before that host.
  return location.replace(new RegExp(`^(?:https?:)?${hostPattern(apiUrl, '/')}(?=[/?#]|$)`, 'i'), () => ownOrigin)
}

/**
 * Replaces the API's origin by the listener's own in the `@odata.…` links of a JSON text, as it streams. The text is
 * never parsed: ids beyond 2^53 and numbers such as 250.0 would not survive that. Only values of `@odata.` members
 * are touched; a link in somebody's note, or a pre-signed attachment Uri, is not.
 */
export function relink(apiUrl: string, ownOrigin: string): Transform {
  const slash = '\\\\?/'
  const link = new RegExp(
    `(@odata\\.\\w+"\\s{0,16}:\\s{0,16}")https?:${hostPattern(apiUrl, slash)}(?=[/?#"\\\\])`,
    'gi'
  )
  // The longest text that may still become a match once the next chunk is here.
  const longest = 128 + apiUrl.length
  let held = ''

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // latin1 keeps every byte of whatever encoding the text has.
      const text = held + chunk.toString('latin1')
      const replaced = text.replace(link, (_whole, member: string) => member + ownOrigin)
      const end = settledEnd(replaced, longest)
      held = replaced.slice(end)
      done(null, Buffer.from(replaced.slice(0, end), 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(held, 'latin1'))
    }
  })
}

/** Up to where a text cannot be the beginning of a link any more. No link has an @ but its first letter. */
function settledEnd(text: string, longest: number): number {
  const at = text.lastIndexOf('@')
  const isPartial = at >= 0 && text.length - at < longest && marker.startsWith(text.slice(at, at + 7).toLowerCase())
  return isPartial ? at : text.length
}

const marker = '@odata.'
