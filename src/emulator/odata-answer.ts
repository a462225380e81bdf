import { errorCodes, Refusal } from './envelope.js'
import { maxPage, type ODataQuery, type QueryOptions, readODataQuery } from './odata-query.js'
import { badQuery } from './odata-tokens.js'
import { compare, type Row } from './odata-values.js'

/** One entity set, or the notes or attachments of one entity. */
export interface EntitySet {
  /** As in `$metadata#workorders`. */
  name: string
  rows(): Row[]
  /** What `$expand` can add, by name. */
  expand?: Record<string, (row: Row) => unknown>
  /** Navigation that exists but fails on ServiceChannel's side, with 500. */
  untranslatable?: string[]
  /** Lists reach back 90 days by this field unless `$filter` names it, and never more than 365. */
  dateField?: string
}

export interface ODataAddress {
  /** Host and port the request was sent to. */
  host: string
  /** Path of the request, without the query. */
  path: string
  now: number
}

const dayMs = 86_400_000

/** Answers a list. Throws Refusal (400, 500). */
export function answerList(set: EntitySet, options: QueryOptions, address: ODataAddress) {
  const rows = set.rows()
  const query = readODataQuery(options, rows[0])
  const expand = expander(set, query)
  const found = query.order(rows.filter((row) => query.matches(row) && isRecent(set, row, options, address.now)))
  const size = Math.min(query.top ?? maxPage, maxPage)
  const page = found.slice(query.skip, query.skip + size)
  const truncated = query.top === undefined && found.length > query.skip + size
  return {
    '@odata.context': contextOf(set, options, address),
    '@odata.count': query.count ? found.length : undefined,
    value: page.map((row) => ({ ...query.select(row), ...expand(row) })),
    '@odata.nextLink': truncated ? nextLink(options, address, query.skip + size) : undefined
  }
}

/** Answers a single entity. Throws Refusal (400, 404, 500). */
export function answerOne(set: EntitySet, id: number, options: QueryOptions, address: ODataAddress) {
  const row = set.rows().find(({ Id }) => Id === id)
  if (!row) throw new Refusal(404, errorCodes.notFound, `${id} is not found`)
  const query = readODataQuery(options, row)
  return {
    '@odata.context': `${contextOf(set, options, address)}/$entity`,
    ...query.select(row),
    ...expander(set, query)(row)
  }
}

function isRecent({ dateField }: EntitySet, row: Row, { $filter = '' }: QueryOptions, now: number): boolean {
  if (!dateField) return true
  const days = $filter.includes(dateField) ? 365 : 90
  return compare(row[dateField], { instant: now - days * dayMs }) >= 0
}

function expander({ expand = {}, untranslatable = [] }: EntitySet, query: ODataQuery): (row: Row) => Row {
  const broken = query.expand.find((name) => untranslatable.includes(name.toLowerCase()))
  if (broken) throw new Error(`The query contains navigation '${broken}' that has no supported translation to SQL.`)
  const added = query.expand.map((name) => {
    const value = Object.hasOwn(expand, name) ? expand[name] : undefined
    return { name, value: value ?? badQuery(`Could not find a property named '${name}'.`) }
  })
  return (row) => Object.fromEntries(added.map(({ name, value }) => [name, value(row)]))
}

// The service lies behind a TLS terminator and believes it is spoken to over plain HTTP: its own links say http.
function contextOf(set: EntitySet, { $select }: QueryOptions, { host, path }: ODataAddress): string {
  const root = /^.*?\/odata\b/i.exec(path)?.[0] ?? '/odata'
  return `http://${host}${root}/$metadata#${set.name}${$select ? `(${$select})` : ''}`
}

function nextLink(options: QueryOptions, { host, path }: ODataAddress, skip: number): string {
  const kept = Object.entries(options).filter(([name]) => name !== '$skip')
  const query = [...kept.map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`), `$skip=${skip}`]
  return `http://${host}${path}?${query.join('&')}`
}
