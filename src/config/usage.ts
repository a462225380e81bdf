import {
  allSettings,
  configFile,
  expectation,
  fileSchema,
  insideOf,
  isNested,
  isUnder,
  type JsonSchema,
  type Setting
} from './settings.js'

/** The JSON Schema (2020-12) of a configuration file, as config/schema.json holds it. */
export function jsonSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:servicechannel-proxy:config',
    title: 'Configuration of sc-proxy',
    ...fileSchema,
    properties: { $schema: { type: 'string', description: 'This schema, for editors.' }, ...fileSchema.properties }
  }
  // Lists of words on one line, as the formatter of this repository has them.
  const oneLine = (_: string, list: string) => `[${list.replace(/\s*\n\s*/g, ' ').trim()}]`
  return `${JSON.stringify(schema, null, 2).replace(/\[(\n[^[\]{}]*)\]/g, oneLine)}\n`
}

/** Every setting as Markdown tables, one per section. */
export function settingsTable(): string {
  const sections = inSections().map(([section, settings]) => {
    const rows = [...settings, ...settings.flatMap(insideOf)].map(({ path, flag, env, schema }) => [
      path === configFile.path ? '' : code(path),
      schema.writeOnly ? '' : code(flag),
      code(env),
      code(presetOf(schema)),
      schema.description?.replaceAll('*', '\\*') ?? ''
    ])
    const head = ['Key', 'Flag', 'Environment variable', 'Default', 'Meaning']
    const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`)
    return `**${section}**\n\n${lines.join('')}`
  })
  return sections.join('\n')
}

/** Every setting with all there is to say about it, as Markdown with a heading each. */
export function settingsReference(): string {
  const sections = inSections().map(([section, settings]) => {
    const entries = [...settings, ...settings.flatMap(insideOf)].map((setting) => {
      const { path, flag, env, schema } = setting
      const preset = presetOf(schema)
      const facts = [
        path !== configFile.path && `key ${code(path)}`,
        !schema.writeOnly && flag !== undefined && `flag ${code(flag)}`,
        env !== undefined && `variable ${code(env)}`
      ]
      const names = facts.filter(Boolean).join(', ')
      const text = schema.description?.replaceAll('*', '\\*')
      return `#### ${path}\n\n${text}\n\n- ${names}\n- takes ${expectation(schema)}${preset && `; default ${code(preset)}`}\n`
    })
    return `### ${section}\n\n${entries.join('\n')}`
  })
  return sections.join('\n')
}

/** The settings under these keys, all of them by default, for a terminal `width` columns wide. */
export function settingsHelp(width: number, keys?: readonly string[]): string {
  const indent = width >= 72 ? 38 : 6
  const blocks = inSections(listedSettings(keys)).map(([section, settings]) => {
    const lines = settings.map((setting) => {
      const label = `  ${labelOf(setting)}`
      const preset = presetOf(setting.schema)
      const text = wrap(`${setting.schema.description}${preset && ` (default ${preset})`}`, width - indent)
      const beside = label.length < indent ? label.padEnd(indent) : `${label}\n${' '.repeat(indent)}`
      return beside + text.join(`\n${' '.repeat(indent)}`)
    })
    return `${section}:\n${lines.join('\n')}\n`
  })
  return blocks.join('\n')
}

/** Breaks text into lines of at most `width` characters, between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** The settings under these keys, all of them by default. */
export function listedSettings(keys?: readonly string[]): Setting[] {
  return [configFile, ...allSettings].filter((setting) => isUnder(keys, setting))
}

function inSections(listed = listedSettings()): [string, Setting[]][] {
  const names = new Set(listed.map(({ section }) => section))
  return [...names].map((name) => [name, listed.filter(({ section }) => section === name)])
}

const code = (text = '') => (text ? `\`${text}\`` : '')

function presetOf({ default: preset }: JsonSchema): string {
  return preset === undefined || (Array.isArray(preset) && preset.length === 0) ? '' : String(preset)
}

function labelOf({ flag = '', env = '', schema }: Setting): string {
  if (schema.writeOnly) return env
  if (schema.type === 'boolean') return flag.replace('--', '--[no-]')
  return `${flag} ${placeholder(schema)}`
}

function placeholder(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.join('|')
  if (isNested(schema)) return 'JSON'
  if (schema.type === 'array') return 'A,B'
  if (schema.type === 'integer' || schema.type === 'number') return 'NUMBER'
  if (schema.title?.startsWith('the path of a file, or')) return 'FILE|URL'
  return schema.title === 'the path of a file' ? 'FILE' : 'TEXT'
}
