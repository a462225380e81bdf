import { badQuery, type Instant } from './odata-tokens.js'

export type Row = Record<string, unknown>

/**
 * Reads a property path such as `Status/Primary`. A name the sample row does not have is refused (400); the inside of a
 * value that is null there is not known and passes.
 */
export function propertyAt(path: string, sample: Row | undefined): (row: Row) => unknown {
  const names = path.split('/')
  let known: unknown = sample
  for (const name of names) {
    if (!isRow(known)) break
    if (!Object.hasOwn(known, name)) return badQuery(`Could not find a property named '${name}'.`)
    known = known[name]
  }
  return (row) => names.reduce<unknown>((value, name) => (isRow(value) ? value[name] : null), row)
}

/** Orders two values: negative, 0, positive, or NaN when they have no order. Text that meets an Instant is read as a date. */
export function compare(left: unknown, right: unknown): number {
  if ((left ?? null) === (right ?? null)) return 0
  const dated = isInstant(left) || isInstant(right)
  const [a, b] = [orderable(left, dated), orderable(right, dated)]
  if (a === undefined || b === undefined || (typeof a === 'string') !== (typeof b === 'string')) return Number.NaN
  return a < b ? -1 : a > b ? 1 : 0
}

function orderable(value: unknown, dated: boolean): string | number | bigint | undefined {
  if (isInstant(value)) return value.instant
  if (typeof value === 'string') return dated ? Date.parse(value) : value
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined
}

function isInstant(value: unknown): value is Instant {
  return isRow(value) && 'instant' in value
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}
