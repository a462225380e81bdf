import { effective, sections, settings } from './schema.js'

/** The JSON Schema keywords the settings are written with. */
export interface JsonSchema {
  type?: string
  title?: string
  description?: string
  default?: unknown
  enum?: string[]
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  minItems?: number
  writeOnly?: boolean
  contentMediaType?: string
  required?: string[]
  properties?: Record<string, JsonSchema>
  patternProperties?: Record<string, JsonSchema>
  additionalProperties?: boolean
  items?: JsonSchema
}

/** One leaf of the schema under its three names. */
export interface Setting {
  /** Dotted path in the file: `queue.maxCalls`, `listeners[].port`. */
  path: string
  /** `--queue-max-calls`; undefined inside lists and maps, which a flag gives whole. A secret's flag is only ever refused. */
  flag?: string
  /** `SC_PROXY_QUEUE_MAX_CALLS`; undefined where `flag` is. */
  env?: string
  section: string
  schema: JsonSchema
}

/** What the effective configuration looks like. */
export const effectiveSchema: JsonSchema = JSON.parse(JSON.stringify(effective))

/** What a file may say: everything is optional, and a secret may stand in a file of its own. */
export const fileSchema: JsonSchema = asWritten(JSON.parse(JSON.stringify(settings)))

/** The extra key under which the contents of `key` come from a file of their own, if they may. */
export function fileKey(key: string, schema: JsonSchema): string | undefined {
  return schema.writeOnly || schema.contentMediaType ? `${key}File` : undefined
}

function asWritten({ required: _, ...schema }: JsonSchema): JsonSchema {
  if (schema.properties) return { ...schema, properties: flatMapValues(schema.properties, keysFor) }
  if (schema.patternProperties) {
    return {
      ...schema,
      patternProperties: flatMapValues(schema.patternProperties, (key, value) => [[key, asWritten(value)]])
    }
  }
  return schema.items ? { ...schema, items: asWritten(schema.items) } : schema
}

function keysFor(key: string, schema: JsonSchema): [string, JsonSchema][] {
  const twin = fileKey(key, schema)
  if (!twin) return [[key, asWritten(schema)]]
  const description = `File that holds ${schema.description?.replace(/^\w/, (first) => first.toLowerCase())}`
  const inFile: [string, JsonSchema] = [
    twin,
    { type: 'string', description, minLength: 1, title: 'the path of a file' }
  ]
  return schema.writeOnly ? [[key, schema], inFile] : [inFile]
}

function flatMapValues<A, B>(record: Record<string, A>, to: (key: string, value: A) => [string, B][]) {
  return Object.fromEntries(Object.entries(record).flatMap(([key, value]) => to(key, value)))
}

/** Whether the schema is a list of objects or a map of them: given whole, as JSON, by a flag or a variable. */
export const isNested = (schema: JsonSchema): boolean =>
  schema.patternProperties !== undefined || schema.items?.properties !== undefined

const dashed = (path: string) => path.replace(/[A-Z]/g, '-$&').replaceAll('.', '-').toLowerCase()

function* leaves(schema: JsonSchema, path: string): Generator<[string, JsonSchema]> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const at = path ? `${path}.${key}` : key
    if (!child.properties) yield [at, child]
    for (const [path, leaf] of leaves(child, at)) {
      const description = [child.description, leaf.description].filter(Boolean).join(' ')
      yield [path, { ...leaf, description }]
    }
  }
}

const sectionOf = (key: string) =>
  Object.entries(sections).find(([, keys]) => key in keys || key.replace(/File$/, '') in keys)?.[0] ?? ''

/** The file itself is named by a flag or a variable only. */
export const configFile: Setting & { flag: string; env: string } = {
  path: 'config',
  flag: '--config',
  env: 'SC_PROXY_CONFIG',
  section: 'The configuration file',
  schema: { type: 'string', title: 'the path of a file', description: 'JSON file that holds settings.', minLength: 1 }
}

/** The section whose settings describe the one listener there is when `listeners` does not. */
export const singleListener: keyof typeof sections = 'The listener'

/** Every setting that a flag, a variable and a file key can give. */
export const allSettings: readonly Setting[] = [...leaves(fileSchema, '')].map(([path, schema]) => ({
  path,
  flag: `--${dashed(path)}`,
  env: `SC_PROXY_${dashed(path).replaceAll('-', '_').toUpperCase()}`,
  section: sectionOf(path.split('.', 1)[0] ?? ''),
  schema
}))

/** Whether the setting is one of those under these keys; all are when there are no keys. */
export function isUnder(keys: readonly string[] | undefined, { path }: Setting): boolean {
  return keys?.includes(path.split('.', 1)[0] ?? '') ?? true
}

/** The setting that gives the value at this path, whole or as part of its list or map. */
export function settingAt(path: string): Setting | undefined {
  return [configFile, ...allSettings].find(
    ({ path: own }) => path === own || path.startsWith(`${own}.`) || path.startsWith(`${own}[`)
  )
}

/** The keys inside a list or map, as the file writes them: `listeners[].port`, `environments.NAME.apiUrl`. */
export function insideOf({ path, schema, section }: Setting): Setting[] {
  const [inner, prefix] = schema.items?.properties
    ? [schema.items, `${path}[]`]
    : [Object.values(schema.patternProperties ?? {})[0], `${path}.NAME`]
  return inner ? [...leaves(inner, prefix)].map(([at, leaf]) => ({ path: at, section, schema: leaf })) : []
}

/** What is expected of a value, in words that follow "must be". */
export function expectation(schema: JsonSchema): string {
  if (schema.title) return schema.title
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type === 'string') return 'text that is not empty'
  if (schema.type === 'array') return `a list, and each entry ${expectation(schema.items ?? {})}`
  if (schema.type === 'object') return 'an object'
  const kind = schema.type === 'integer' ? 'a whole number' : 'a number'
  return schema.exclusiveMinimum === undefined
    ? `${kind} from ${schema.minimum} to ${schema.maximum}`
    : `${kind} above ${schema.exclusiveMinimum} and up to ${schema.maximum}`
}
