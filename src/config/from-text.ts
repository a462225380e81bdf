import { type JsonSchema, type Setting, settingAt } from './settings.js'

/**
 * What the text of a flag or a variable stands for. Text that is not of the kind stays text, so that the schema refuses
 * it in the same words as in a file.
 */
export function fromText(schema: JsonSchema, text: string): unknown {
  switch (schema.type) {
    case 'boolean':
      return { true: true, 1: true, false: false, 0: false }[text] ?? text
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
    case 'array':
      return text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
    default:
      return text
  }
}

/** Values by dotted path, nested as the file nests them. */
export function nested(values: Iterable<[path: string, value: unknown]>): Record<string, unknown> {
  const tree: Record<string, unknown> = {}
  for (const [path, value] of values) {
    const keys = path.split('.')
    const last = keys.pop() ?? path
    let branch = tree
    for (const key of keys) {
      branch[key] ??= {}
      branch = branch[key] as Record<string, unknown>
    }
    branch[last] = value
  }
  return tree
}

/** Names a path by its flag or variable, and within a list or map by both. */
export function named(by: (setting: Setting) => string | undefined): (path: string) => string {
  return (path) => {
    const setting = settingAt(path)
    const name = (setting && by(setting)) ?? path
    return !setting || setting.path === path ? name : `${name}: ${path}`
  }
}
