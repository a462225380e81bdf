/** What stands in the place of what was there. */
export const hidden = '[hidden]'

/** A text without its secrets, and how many were taken out. */
export interface Redacted {
  text: string
  hidden: number
}

/** Takes out what looks like a secret, and what is known to be one. `clipped`: the text may end in the middle of one. */
export type Redact = (text: string, clipped?: boolean) => Redacted

const secretHeaders =
  /^(?:authorization|proxy-authorization|cookie|set-cookie2?|x-sc-proxy-key)$|token|secret|passw|api-?key/i

/** The credentials of a message are told by their presence alone. */
export function redactHeader(name: string, value: string, redact: Redact): string {
  return isCredential(name) ? hidden : redact(value).text
}

/** @returns a flat list of names and values with the credentials taken out: itself when there are none */
export function withoutCredentials(headers: readonly string[]): readonly string[] {
  for (let i = 0; i < headers.length; i += 2) {
    if (isCredential(headers[i] ?? ''))
      return headers.map((text, at) => (at % 2 === 1 && isCredential(headers[at - 1] ?? '') ? hidden : text))
  }
  return headers
}

/** The same names come again and again. So many are remembered, and none that is longer than names are. */
const [mostNames, longestName] = [1000, 64]
const judged = new Map<string, boolean>()

function isCredential(name: string): boolean {
  let answer = judged.get(name)
  if (answer === undefined) {
    answer = secretHeaders.test(name)
    if (judged.size < mostNames && name.length <= longestName) judged.set(name, answer)
  }
  return answer
}

/** Members, parameters and elements whose values let somebody in. */
const word =
  '[\\w.:-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|(?:access|refresh|id|auth|bearer|session|csrf|sas)_?-?token|api_?-?key|client_?-?key|authorization|credential|cookie)[\\w.:-]{0,20}'
const name = `(?:${word}|token|x-amz-(?:signature|credential|security-token)|sig|signature)`

/** Each begins only where it may succeed: a long run of what it is made of would otherwise be looked through once per letter. */
const patterns: [RegExp, string][] = [
  // JSON in JSON first: there an escaped quote ends the value.
  [
    new RegExp(`(?<!\\\\)(\\\\+)"(${name})\\1"(\\s*:\\s*)\\1"(?!\\1")[^]*?(?:\\1"|$)`, 'gi'),
    `$1"$2$1"$3$1"${hidden}$1"`
  ],
  [new RegExp(`("${name}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\[^])+(?:"|\\\\?$)|[\\d.]+)`, 'gi'), `$1"${hidden}"`],
  [new RegExp(`(<(?:\\w+:)?${name}(?:\\s[^<>]*)?>)[^<]+`, 'gi'), `$1${hidden}`],
  [new RegExp(`((?:^|[?&;\\s])${name}=)[^&;\\s"'<>\\\\]+`, 'gim'), `$1${hidden}`],
  // A field of multipart/form-data (RFC 7578 section 4.2), whose head is a few lines.
  [
    new RegExp(`(\\bname="?${name}"?[^\\r\\n]*(?:\\r?\\n[^\\r\\n]+){0,8}\\r?\\n\\r?\\n)[^\\r\\n]+`, 'gi'),
    `$1${hidden}`
  ],
  [/\b((?:Bearer|Basic)\s+)(?=[\w.~+/=-]*\d)[\w.~+/=-]{7,}/gi, `$1${hidden}`],
  [/(?<![\w-])(?=[\w-]+\.[\w-])([\w-]*?)\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, `$1${hidden}`]
]

/** Some of it is in whatever the patterns match. Most texts hold none, and to know that takes a tenth of the time. */
const suspicious =
  /passw|passphrase|pwd|secret|token|(?:api|client)[_-]*key|authorization|credential|cookie|x-amz-|sig|bearer|basic|eyJ/i

/** Shorter ones would be found in innocent words; they are hidden by the names beside them. */
const shortestKnown = 6

/**
 * Redacts text of one latin1 letter per byte, so that it can be used on bytes of any encoding.
 *
 * @param known secrets of ours, hidden wherever and however written they turn up
 */
export function createRedaction(known: readonly string[]): Redact {
  const spellings = known.filter((secret) => secret.length >= shortestKnown).flatMap(spellingsOf)
  const exact = new RegExp(spellings.map((text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|'), 'g')

  return (text, clipped = false) => {
    let count = 0
    let result = clipped ? withoutBeginning(text, spellings) : text
    if (text.length >= shortestKnown && spellings.some((spelling) => text.includes(spelling))) {
      result = result.replace(exact, () => {
        count++
        return hidden
      })
    }
    if (!suspicious.test(result)) return { text: result, hidden: count }
    for (const [pattern, replacement] of patterns) {
      count += result.match(pattern)?.length ?? 0
      result = result.replace(pattern, replacement)
    }
    return { text: result, hidden: count }
  }
}

/** A text whose end is not the beginning of a secret. */
function withoutBeginning(text: string, secrets: readonly string[]): string {
  let end = text.length
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > 2; length--) {
      if (text.endsWith(secret.slice(0, length))) end = Math.min(end, text.length - length)
    }
  }
  return text.slice(0, end)
}

/** As it is, in JSON, in a URL and in a form, in UTF-8 and in latin1. */
function spellingsOf(secret: string): string[] {
  const written = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
  written.push(new URLSearchParams([['', secret]]).toString().slice(1))
  written.push(...written.map((text) => text.replace(/%[\dA-F]{2}/g, (escaped) => escaped.toLowerCase())))
  const inUtf8 = written.map((text) => Buffer.from(text).toString('latin1'))
  return [...new Set([...inUtf8, ...written.filter((text) => !/[^\0-\xff]/.test(text))])]
}
