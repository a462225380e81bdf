import { conforms } from './conforms.js'
import { suggestion } from './nearest.js'
import { expectation, fileKey, fileSchema, type JsonSchema, settingAt } from './settings.js'

/** One place settings come from. */
export interface Layer {
  /** Nested as in the file. */
  tree: unknown
  /** The folder from which relative file names count. */
  base: string
  /** What a person calls the setting at this path here: `--port`, `SC_PROXY_PORT`, `config.json: listeners[0].port`. */
  where(path: string): string
  /** Whether every process on the machine can read it. */
  commandLine?: boolean
  /** Whether part of it could not be read at all, so that nobody can say what is missing. */
  incomplete?: boolean
}

/** One leaf as one layer gives it; also how many `listeners` there are, and that an environment is mentioned at all. */
export interface Given {
  path: string
  value: unknown
  /** False when its own error has been reported already. */
  valid: boolean
  layer: Layer
}

/** The leaves of a layer. Whatever is not as the schema says is reported, each with its place, never with its value. */
export function collect(layer: Layer, errors: string[]): Given[] {
  const givens: Given[] = []
  const give = (path: string, value: unknown, error?: string) => {
    givens.push({ path, value, valid: error === undefined, layer })
    if (error !== undefined) errors.push(error)
  }

  const walk = (schema: JsonSchema, value: unknown, path: string): void => {
    const where = layer.where(path)
    const wrong = `${where} must be ${expectation(schema)}`
    if (schema.properties) {
      if (isObject(value)) walkObject(schema.properties, value, path)
      else errors.push(wrong)
    } else if (schema.patternProperties) {
      if (isObject(value)) walkMap(schema, value, path)
      else errors.push(wrong)
    } else if (schema.items?.properties) walkList(schema, schema.items, value, path, wrong)
    else if (!conforms(schema, value)) give(path, undefined, wrong)
    else give(path, value, layer.commandLine ? refusal(schema, value, path, where) : undefined)
  }

  const walkObject = (properties: Record<string, JsonSchema>, value: Record<string, unknown>, path: string) => {
    for (const [key, child] of Object.entries(value)) {
      const at = path ? `${path}.${key}` : key
      const known = Object.hasOwn(properties, key) ? properties[key] : undefined
      if (!known) {
        errors.push(`${layer.where(at)} is not a known setting${suggestion(key, Object.keys(properties))}`)
        continue
      }
      walk(known, child, at)
      const twin = fileKey(key, known)
      if (twin && Object.hasOwn(value, twin)) {
        errors.push(`${layer.where(at)} and ${layer.where(`${at}File`)} are both given: keep one of them`)
      }
    }
  }

  const walkMap = (schema: JsonSchema, value: Record<string, unknown>, path: string) => {
    const [[pattern, child] = ['', {}]] = Object.entries(schema.patternProperties ?? {})
    for (const [key, entry] of Object.entries(value)) {
      if (new RegExp(pattern).test(key)) {
        give(`${path}.${key}`, true)
        walk(child, entry, `${path}.${key}`)
      } else errors.push(`${layer.where(path)} has a name that is not made of letters, digits, - and _: "${key}"`)
    }
  }

  const walkList = (schema: JsonSchema, item: JsonSchema, value: unknown, path: string, wrong: string) => {
    const list = Array.isArray(value) && value.length >= (schema.minItems ?? 0) ? value : undefined
    give(path, list?.length, list ? undefined : wrong)
    for (const [index, entry] of list?.entries() ?? []) walk(item, entry, `${path}[${index}]`)
  }

  walk(fileSchema, layer.tree, '')
  return givens
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const publicPlace = 'on the command line, where every process on the machine can read it'

/** Why a value must not come from the command line, if it must not. */
function refusal(schema: JsonSchema, value: unknown, path: string, where: string): string | undefined {
  const { env, flag } = settingAt(path) ?? {}
  if (schema.writeOnly) {
    const twin = flag === where ? `${flag}-file` : `${path}File`
    return `${where} is a secret and must not stand ${publicPlace}: use ${env}, ${twin} or the configuration file`
  }
  if (typeof value === 'string' && /\/\/[^/]*@/.test(value)) {
    return `${where} must not hold a user name or a password ${publicPlace}: use ${env} or the configuration file`
  }
  return undefined
}
