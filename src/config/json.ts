export type Parsed = { ok: true; value: unknown } | { ok: false; place: string }

/**
 * Reads JSON (RFC 8259). A failure says where, in lines and columns from 1, and nothing else: engines report the place
 * in different ways or not at all, and quote the text around it, which may hold a secret.
 */
export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    const before = text.slice(0, failureOffset(text)).split('\n')
    return { ok: false, place: `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}` }
  }
}

const space = /[ \t\n\r]*/y
const string = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** Where the text stops being JSON; for a broken string, where the string begins. */
function failureOffset(text: string): number {
  let at = 0
  const skip = (pattern: RegExp) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    at += found?.[0].length ?? 0
    return found !== null
  }
  const eat = (character: string) => {
    skip(space)
    if (text[at] !== character) return false
    at++
    return true
  }
  const value = (): boolean => {
    if (eat('{')) return eat('}') || list(member, '}')
    if (eat('[')) return eat(']') || list(value, ']')
    return skip(string) || skip(scalar)
  }
  const member = () => skip(space) && skip(string) && eat(':') && value()
  const list = (item: () => boolean, end: string): boolean => {
    do if (!item()) return false
    while (eat(','))
    return eat(end)
  }
  value()
  skip(space)
  return at
}
