import type { Config } from './schema.js'

/** The paths of all leaves that differ between two configurations, as `sc-proxy config` names them; no values. */
export function changedPaths(before: Config, after: Config): string[] {
  const [old, now] = [new Map(leaves(before, '')), new Map(leaves(after, ''))]
  return [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path))
}

/** Lists of plain values are leaves. */
function* leaves(value: unknown, path: string): Generator<[string, string]> {
  const isList = Array.isArray(value) && value.some((entry) => typeof entry === 'object')
  if (isList) for (const [index, entry] of value.entries()) yield* leaves(entry, `${path}[${index}]`)
  else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, child] of Object.entries(value)) yield* leaves(child, path ? `${path}.${key}` : key)
  } else if (value !== undefined) yield [path, JSON.stringify(value)]
}
