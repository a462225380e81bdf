import { type Document, listOf, objectOf, resolve } from './document.js'

type Schema = Readonly<Record<string, unknown>>

/** Deeper than this an example holds nothing more: it is to be filled in, not to be admired. */
const mostDepth = 5

/**
 * A value that a schema allows, for somebody to change: its own example, its default, its first choice, or something
 * plain. Values that are secret are empty, and a schema does not turn up within itself. Undefined when nothing can be
 * said.
 *
 * @param within the schemas around this one
 */
export function exampleOf(document: Document, schema: unknown, within: readonly Schema[] = []): unknown {
  const found = resolve(document, schema)
  if (!found || within.includes(found) || within.length > mostDepth) return undefined
  if (found.format === 'password') return ''
  for (const given of [found.example, listOf(found.examples)[0], found.default, found.const, listOf(found.enum)[0]]) {
    if (given !== undefined) return given
  }
  const inside = [...within, found]
  const [choice] = [...listOf(found.oneOf), ...listOf(found.anyOf)]
  if (choice !== undefined) return exampleOf(document, choice, inside)
  const kind = Array.isArray(found.type) ? found.type.find((type) => type !== 'null') : found.type
  if (kind === 'object' || found.properties !== undefined || found.allOf !== undefined)
    return fields(document, found, inside)
  if (kind === 'array') {
    const item = exampleOf(document, found.items, inside)
    return item === undefined ? [] : [item]
  }
  return plain(kind, found.format, found.minimum)
}

function fields(document: Document, schema: Schema, inside: readonly Schema[]): Record<string, unknown> {
  const inherited = listOf(schema.allOf).map((part) => objectOf(exampleOf(document, part, inside)))
  const own = Object.entries(objectOf(schema.properties)).flatMap(([name, property]) => {
    // What only answers hold has no place in a request.
    if (resolve(document, property)?.readOnly === true) return []
    const value = exampleOf(document, property, inside)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.assign({}, ...inherited, Object.fromEntries(own))
}

function plain(kind: unknown, format: unknown, minimum: unknown): unknown {
  if (kind === 'integer' || kind === 'number') return typeof minimum === 'number' ? minimum : 0
  if (kind === 'boolean') return false
  if (kind !== 'string') return undefined
  const known: Record<string, string> = {
    date: '2026-01-31',
    'date-time': '2026-01-31T12:00:00Z',
    uuid: '00000000-0000-4000-8000-000000000000'
  }
  return known[String(format)] ?? ''
}
