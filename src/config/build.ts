import { resolve } from 'node:path'
import { certificatesIn } from './certificates.js'
import type { Given } from './collect.js'
import { type ReadFile, readText } from './files.js'
import type { Givens } from './givens.js'
import { fileKey, type JsonSchema } from './settings.js'

/** For every effective leaf, by its dotted path, what gave it: a flag, a variable, a file or `default`. */
export type Origins = Readonly<Record<string, string>>

export interface Hints {
  /** Wins over the schema's default. */
  preset?: unknown
  /** Every path under which the leaf at a path may have been given, the first of equally strong ones winning. */
  names?: (path: string) => string[]
  required?: boolean
}

export interface Builder {
  /**
   * The effective value at `path`: given, else preset, else the schema's default. Undefined when it is optional and
   * nobody gave it, or when it could not be used.
   */
  build(schema: JsonSchema, path: string, hints?: Hints): unknown
  origins: Record<string, string>
  /** What a person calls the effective leaf: where it was given, else its path. */
  where(path: string): string
  /** Whether the leaf has been reported already, so that nothing more can be said about it. */
  broken(path: string): boolean
  /** Required leaves nobody gave. */
  missing: string[]
}

/** Settings that name a file or folder used elsewhere, and which of their values do: a scenario may be a known one. */
const namesFile: Readonly<Record<string, RegExp>> = {
  'emulator.scenario': /[/\\]|\.json$/,
  'emulator.writeCa': /./,
  stateDir: /^(?!none$)/,
  openapi: /^(?!https?:\/\/)/i
}

const itself = (path: string) => [path]
const within = (value: unknown, key: string) => (value as Record<string, unknown> | undefined)?.[key]

export function createBuilder(givens: Givens, errors: string[], read?: ReadFile): Builder {
  const origins: Record<string, string> = {}
  const places = new Map<string, string>()
  const broken = new Set<string>()
  const missing: string[] = []

  function leaf(schema: JsonSchema, path: string, preset: unknown, names: string[]): unknown {
    const given = givens.strongest(names.flatMap((name) => [name, fileKey(name, schema) ?? name]))
    if (!given) {
      const value = structuredClone(preset ?? schema.default)
      if (value !== undefined) origins[path] = 'default'
      return value
    }
    const place = given.layer.where(given.path)
    places.set(path, place)
    origins[path] = place.endsWith(`: ${path}`) ? place.slice(0, -path.length - 2) : place
    const value = given.valid ? contents(given, schema, path, place) : undefined
    if (value === undefined) broken.add(path)
    return value
  }

  function contents(given: Given, schema: JsonSchema, path: string, place: string): unknown {
    if (given.path === 'readOnly') return given.value ? 'read-only' : 'read-write'
    const isPath = schema.title === 'the path of a file' || namesFile[path]?.test(String(given.value))
    if (isPath) return resolve(given.layer.base, String(given.value))
    if (!fileKey('', schema) || !given.path.endsWith('File')) return given.value
    const name = resolve(given.layer.base, String(given.value))
    const file = readText(name, read)
    const text = file.ok ? file.text.replace(/\r?\n$/, '') : ''
    if (!file.ok) errors.push(`${place}: ${file.error}`)
    else if (!text) errors.push(`${place}: ${name} is empty`)
    else if (!schema.contentMediaType) return text
    else {
      const certificates = certificatesIn(name, text, read)
      if (certificates !== undefined) return certificates
      errors.push(`${place}: ${name} holds no PEM certificate (-----BEGIN CERTIFICATE-----), and none in DER`)
    }
  }

  function build(schema: JsonSchema, path: string, { preset, names = itself, required = true }: Hints = {}): unknown {
    if (!schema.properties) return leaf(schema, path, preset, names(path))
    const entries: [string, unknown][] = []
    const absent: string[] = []
    for (const [key, child] of Object.entries(schema.properties)) {
      const at = `${path}.${key}`
      const needed = schema.required?.includes(key) ?? false
      const value = build(child, at, { preset: within(preset, key), names, required: needed })
      if (value !== undefined) entries.push([key, value])
      else if (needed && !broken.has(at)) absent.push(at)
    }
    if (entries.length === 0 && !required) return undefined
    missing.push(...absent)
    return Object.fromEntries(entries)
  }
  return { build, origins, where: (path) => places.get(path) ?? path, broken: (path) => broken.has(path), missing }
}
