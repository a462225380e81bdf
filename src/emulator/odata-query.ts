import { parseFilter } from './odata-filter.js'
import { badQuery } from './odata-tokens.js'
import { compare, propertyAt, type Row } from './odata-values.js'

/** Query options by lower-case name, as `$filter`. */
export type QueryOptions = Record<string, string | undefined>

/** ServiceChannel's page: larger wishes are cut down to it without a word. */
export const maxPage = 50

export interface ODataQuery {
  matches(row: Row): boolean
  order(rows: Row[]): Row[]
  select(row: Row): Row
  expand: string[]
  /** True with `$count=true`. */
  count: boolean
  /** Undefined without `$top`. */
  top: number | undefined
  skip: number
}

const known = ['$filter', '$orderby', '$select', '$expand', '$top', '$skip', '$count']

/** Reads the query options of a list or a single entity; the sample row tells which properties exist. Throws Refusal (400). */
export function readODataQuery(options: QueryOptions, sample: Row | undefined): ODataQuery {
  const stranger = Object.keys(options).find((name) => name.startsWith('$') && !known.includes(name))
  if (stranger) return badQuery(`The query parameter '${stranger}' is not supported.`)
  const names = splitList(options.$select).map((path) => path.split('/')[0] ?? path)
  for (const name of names) propertyAt(name, sample)
  return {
    matches: options.$filter ? parseFilter(options.$filter, sample) : () => true,
    order: readOrder(splitList(options.$orderby), sample),
    select: (row) =>
      names.length ? Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name))) : row,
    // Nested options, as in Provider($select=Name), are allowed and ignored.
    expand: splitList(options.$expand?.replace(/\([^()]*\)/g, '')),
    count: readBoolean('$count', options.$count),
    top: options.$top === undefined ? undefined : readNumber('$top', options.$top),
    skip: readNumber('$skip', options.$skip ?? '0')
  }
}

function readOrder(items: string[], sample: Row | undefined): (rows: Row[]) => Row[] {
  const keys = items.map((item) => {
    const [path = '', direction = 'asc', ...rest] = item.split(/\s+/)
    if (rest.length || !['asc', 'desc'].includes(direction)) return badQuery(`Syntax error in '$orderby' at '${item}'.`)
    return { value: propertyAt(path, sample), sign: direction === 'desc' ? -1 : 1 }
  })
  const decide = (a: Row, b: Row) => {
    for (const { value, sign } of keys) {
      const order = compare(value(a), value(b))
      if (order) return sign * order
    }
    return 0
  }
  return (rows) => (keys.length ? rows.toSorted(decide) : rows)
}

function readNumber(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  return badQuery(
    `Invalid value '${text}' for ${name} query option found. The ${name} query option requires a non-negative integer value.`
  )
}

function readBoolean(name: string, text = 'false'): boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return badQuery(`Invalid value '${text}' for ${name} query option found. Valid values are 'true' and 'false'.`)
}

function splitList(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)
}
