import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Layer } from './collect.js'
import { fromText, named, nested } from './from-text.js'
import { parseJson } from './json.js'
import { nearest } from './nearest.js'
import { allSettings, configFile, isNested, isUnder, type Setting } from './settings.js'

/** The command the flags are for. */
export interface FlagsOf {
  name: string
  /** The keys of the settings it makes use of; all of them when undefined. */
  settings?: readonly string[]
}

const byFlag = new Map([configFile, ...allSettings].map((setting) => [setting.flag, setting]))
const negative = new Map(
  allSettings
    .filter(({ schema }) => schema.type === 'boolean')
    .map((setting) => [setting.flag?.replace('--', '--no-'), setting])
)

// A secret's flag is known too: so its value is taken along with it and refused, and never mistaken for a word of its own.
const options: ParseArgsConfig['options'] = Object.fromEntries([
  ...[...byFlag].map(([flag, { schema }]) => [
    flag?.slice(2),
    { type: schema.type === 'boolean' ? 'boolean' : 'string' }
  ]),
  ...[...negative.keys()].map((flag) => [flag?.slice(2), { type: 'boolean' }])
])

/**
 * Reads `--name value`, `--name=value`, `--name` and `--no-name`. The last one counts; lists add up. A flag the command
 * makes no use of is refused: whoever types it expects something of it.
 */
export function readFlags(
  argv: readonly string[],
  base: string,
  errors: string[],
  command: FlagsOf = { name: 'start' }
): Layer & { config?: string } {
  const values = new Map<string, unknown>()
  let incomplete = false
  let unknownAt = -2
  for (const token of parseArgs({ args: [...argv], options, strict: false, tokens: true }).tokens) {
    if (token.kind === 'option-terminator') continue
    const place = `argument ${token.index + 1}`
    const known = token.kind === 'option' ? (byFlag.get(token.rawName) ?? negative.get(token.rawName)) : undefined
    if (token.kind === 'option' && known && !isUnder(command.settings, known))
      errors.push(unused(token.rawName, command))
    if (token.kind === 'positional') {
      // Right after an unknown flag it is most likely that flag's value. It may be a secret, so it is never repeated.
      if (token.index !== unknownAt + 1) errors.push(`${place} belongs to no flag: write --name value or --name=value`)
    } else if (negative.has(token.rawName)) {
      values.set(negative.get(token.rawName)?.path ?? '', false)
      if (token.value !== undefined) errors.push(`${token.rawName} takes no value`)
    } else if (byFlag.has(token.rawName)) {
      const setting = byFlag.get(token.rawName) ?? configFile
      const read = valueFrom(setting, token, values.get(setting.path))
      if ('value' in read) values.set(setting.path, read.value)
      else errors.push(`${token.rawName} ${read.error}`)
      incomplete ||= 'error' in read
    } else {
      errors.push(
        token.rawName.startsWith('--') ? unknown(token.rawName) : `${place} is not a flag: they begin with --`
      )
      unknownAt = token.value === undefined ? token.index : unknownAt
    }
  }
  const config = values.get(configFile.path)
  values.delete(configFile.path)
  const layer = { tree: nested(values), base, commandLine: true, incomplete, where: named(({ flag }) => flag) }
  return typeof config === 'string' ? { ...layer, config } : layer
}

function valueFrom({ schema }: Setting, token: { value?: string; inlineValue?: boolean }, before: unknown) {
  const { value: text, inlineValue } = token
  if (schema.writeOnly) return { value: 'refused' }
  if (schema.type === 'boolean' && text === undefined) return { value: true }
  if (text === undefined || (!inlineValue && /^-\D/.test(text))) return { error: 'needs a value' }
  if (isNested(schema)) {
    const parsed = parseJson(text)
    return parsed.ok ? { value: parsed.value } : { error: `is not JSON (${parsed.place})` }
  }
  const value = fromText(schema, text)
  return { value: Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value }
}

function unused(flag: string, command: FlagsOf): string {
  const candidates = alike(flag).filter((name) => isUnder(command.settings, byFlag.get(name) ?? configFile))
  const way =
    candidates.length > 0 ? `: use ${candidates.join(' or ')}` : `; "sc-proxy help ${command.name}" lists what it takes`
  return `${flag} has no effect on "sc-proxy ${command.name}"${way}`
}

/** The longer flags that end in the same word: `--emulator-api-port` for `--port`. */
function alike(flag: string): string[] {
  return [...byFlag.keys()].map(String).filter((name) => name.endsWith(flag.slice(1)))
}

function unknown(flag: string): string {
  const [longer, another] = alike(flag)
  const close = nearest(flag, [...byFlag.keys(), ...negative.keys()].map(String)) ?? (another ? undefined : longer)
  if (!close) return `${flag} is not a known flag`
  return `${flag} is not a known flag; did you mean ${byFlag.get(close)?.schema.writeOnly ? `${close}-file` : close}?`
}
