import type { Origins } from './build.js'
import type { Config } from './schema.js'
import { effectiveSchema, type JsonSchema } from './settings.js'

/** The configuration with every secret replaced by the remark that it is set. */
export function withoutSecrets(config: Config): unknown {
  return masked(effectiveSchema, config)
}

/** One line per effective leaf: `path = value   (origin)`, in columns, with secrets hidden. */
export function showConfig(config: Config, origins: Origins): string {
  const rows = [...leaves(withoutSecrets(config), '')].map(([path, value]) => ({
    path,
    value,
    origin: origins[path] ?? 'default'
  }))
  const longest = (key: 'path' | 'value', bound: number) =>
    Math.min(bound, Math.max(...rows.map((row) => row[key].length)))
  const [paths, values] = [longest('path', 60), longest('value', 40)]
  return rows
    .map(({ path, value, origin }) => `${path.padEnd(paths)} = ${value.padEnd(values)}   (${origin})\n`)
    .join('')
}

function masked(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => masked(schema.items ?? {}, entry))
  if (typeof value === 'object' && value !== null) {
    const [anyName] = Object.values(schema.patternProperties ?? {})
    const entries = Object.entries(value).flatMap(([key, child]) => {
      const known = schema.properties?.[key] ?? anyName
      return known && child !== undefined ? [[key, masked(known, child)]] : []
    })
    return Object.fromEntries(entries)
  }
  if (schema.writeOnly) return '(set, hidden)'
  if (schema.contentMediaType) return '(set)'
  return typeof value === 'string' ? value.replace(/\/\/[^/]*@/, '//(hidden)@') : value
}

function* leaves(value: unknown, path: string): Generator<[string, string]> {
  if (Array.isArray(value) && value.some((entry) => typeof entry === 'object')) {
    for (const [index, entry] of value.entries()) yield* leaves(entry, `${path}[${index}]`)
  } else if (Array.isArray(value)) yield [path, value.join(', ') || '(none)']
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) yield* leaves(child, path ? `${path}.${key}` : key)
  } else yield [path, String(value)]
}
