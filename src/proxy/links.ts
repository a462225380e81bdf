import { Transform } from 'node:stream'

/** OData routes answer with absolute links to themselves, in `http://` form though plain HTTP is refused. */
export function isLinkedRoute(target: string): boolean {
  return /^(?:\/v\d+)?\/+odata\//i.test(target)
}

/** Absolute forms of the API origin: either scheme, with or without the default port. */
function originPattern(apiUrl: string, slash: string): string {
  const { hostname, port } = new URL(apiUrl)
  const escaped = hostname.replace(/[.[\]]/g, '\\$&')
  const ports = port === '' ? '(?::443|:80)?' : `:${port}`
  return `https?:${slash}${slash}${escaped}${ports}`
}

/** A Location that leads back to the API, as the client can follow it; any other is left as it is. */
export function relinkLocation(location: string, apiUrl: string, ownOrigin: string): string {
  return location.replace(new RegExp(`^${originPattern(apiUrl, '/')}(?=[/?#]|$)`, 'i'), () => ownOrigin)
}

/**
 * Replaces the API's origin by the listener's own in the `@odata.…` links of a JSON text, as it streams. The text is
 * never parsed: ids beyond 2^53 and numbers such as 250.0 would not survive that. Only values of `@odata.` members
 * are touched; a link in somebody's note, or a pre-signed attachment Uri, is not.
 */
export function relink(apiUrl: string, ownOrigin: string): Transform {
  const slash = '\\\\?/'
  const link = new RegExp(`(@odata\\.\\w+"\\s{0,16}:\\s{0,16}")${originPattern(apiUrl, slash)}(?=[/?#"\\\\])`, 'gi')
  // The longest text that may still become a match once the next chunk is here.
  const longest = 128 + apiUrl.length
  let held = ''

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // latin1 keeps every byte of whatever encoding the text has.
      const text = held + chunk.toString('latin1')
      const replaced = text.replace(link, (_whole, member: string) => member + ownOrigin)
      const start = replaced.lastIndexOf('@odata.')
      const partial = start >= 0 && replaced.length - start < longest ? start : partialStart(replaced)
      held = replaced.slice(partial)
      done(null, Buffer.from(replaced.slice(0, partial), 'latin1'))
    },
    flush(done) {
      done(null, Buffer.from(held, 'latin1'))
    }
  })
}

/** Where a text ends with the first letters of `@odata.`; its length where it does not. */
function partialStart(text: string): number {
  const at = text.lastIndexOf('@')
  return at >= 0 && '@odata.'.startsWith(text.slice(at).toLowerCase()) ? at : text.length
}
