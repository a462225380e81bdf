import { errorCodes, Refusal } from './envelope.js'

/** A date or time, which OData writes without quotes. Epoch milliseconds. */
export interface Instant {
  instant: number
}

export interface Token {
  kind: 'string' | 'date' | 'number' | 'word' | 'mark'
  text: string
  at: number
}

const patterns: Record<Token['kind'], string> = {
  string: "'(?:[^']|'')*'",
  date: '\\d{4}-\\d\\d-\\d\\d(?:T[\\d:.]+(?:Z|[+-]\\d\\d:\\d\\d)?)?',
  number: '-?\\d+(?:\\.\\d+)?',
  word: '[A-Za-z_][\\w/.]*',
  mark: '[(),]'
}
const kinds = ['string', 'date', 'number', 'word', 'mark'] as const
const anyToken = new RegExp(`\\s*(?:${kinds.map((kind) => `(${patterns[kind]})`).join('|')})`, 'y')

/** Cuts a `$filter` into tokens. Throws Refusal (400). */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; text.slice(at).trim() !== ''; ) {
    anyToken.lastIndex = at
    const groups = anyToken.exec(text)?.slice(1) ?? []
    const index = groups.findIndex((group) => group !== undefined)
    const kind = kinds[index]
    if (!kind) return badQuery(`Syntax error at position ${at}.`)
    tokens.push({ kind, text: groups[index] ?? '', at })
    at = anyToken.lastIndex
  }
  return tokens
}

/** The value of a token that is a literal. Whole numbers beyond 2^53 become bigints. */
export function literal({ kind, text }: Token): string | number | bigint | Instant {
  if (kind === 'string') return text.slice(1, -1).replaceAll("''", "'")
  if (kind === 'date') return { instant: Date.parse(text) }
  return text.includes('.') || Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)
}

/** Refuses a query with what ASP.NET's OData says first in such a case. */
export function badQuery(problem: string): never {
  throw new Refusal(400, errorCodes.emptyRequest, `The query specified in the URI is not valid. ${problem}`)
}
