/**
 * Headers as both sides of the proxy hold them: name, value, name, value, in the order and the letters they came in. On
 * the way of every call lists are searched many times, so that lengths are compared before letters.
 */

/** Is this the name, in whatever letters? `name` in lower case. */
export function isNamed(text: string | undefined, name: string): boolean {
  return text !== undefined && text.length === name.length && text.toLowerCase() === name
}

/** Is this one of the names, in whatever letters? `names` in lower case. */
export function oneOf(names: readonly string[]): (text: string) => boolean {
  const all = new Set(names)
  const lengths = names.reduce<boolean[]>((known, { length }) => {
    known[length] = true
    return known
  }, [])
  return (text) => lengths[text.length] === true && all.has(text.toLowerCase())
}

/** The first value of a header; `name` in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (isNamed(headers[i], name)) return headers[i + 1]
  return undefined
}

/** Fields as undici has them from the wire: one latin1 letter per byte. */
export function rawList(raw: readonly (Buffer | string)[] | null): string[] {
  return raw ? raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))) : []
}
