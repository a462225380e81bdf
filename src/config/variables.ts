import type { Layer } from './collect.js'
import { fromText, named, nested } from './from-text.js'
import { parseJson } from './json.js'
import { suggestion } from './nearest.js'
import { allSettings, configFile, isNested } from './settings.js'

export type Variables = Readonly<Record<string, string | undefined>>

/** Reads the `SC_PROXY_…` variables. An empty one counts as not set, as container tools leave them. */
export function readVariables(
  env: Variables,
  base: string,
  errors: string[],
  warnings: string[]
): Layer & { config?: string } {
  const names = new Set([configFile.env])
  const values: [string, unknown][] = []
  let incomplete = false
  for (const { path, schema, env: name = '' } of allSettings) {
    names.add(name)
    const text = env[name]
    if (!text) continue
    const parsed = isNested(schema) ? parseJson(text) : { ok: true as const, value: fromText(schema, text) }
    if (parsed.ok) values.push([path, parsed.value])
    else {
      errors.push(`${name} is not JSON (${parsed.place})`)
      incomplete = true
    }
  }
  for (const name of Object.keys(env)) {
    if (!name.startsWith('SC_PROXY_') || names.has(name)) continue
    warnings.push(`${name} is not a known variable and has no effect${suggestion(name, names)}`)
  }
  const config = env[configFile.env]
  return {
    tree: nested(values),
    base,
    incomplete,
    where: named((setting) => setting.env),
    ...(config && { config })
  }
}

/** What a proxy meant for the whole machine is never asked for: it cannot reach what listens on this one's loopback. */
export const thisMachine = 'localhost,127.0.0.1,[::1]'

/**
 * `HTTPS_PROXY` and `NO_PROXY`, in small letters first as curl has it. They count only where nothing of ours says
 * anything, and are not even looked at elsewhere.
 */
export function readProxyVariables(env: Variables, base: string, silent: (path: string) => boolean): Layer {
  const found = new Map<string, { name: string; value: string }>()
  for (const [path, ...names] of standardNames) {
    const name = silent(path) ? names.find((candidate) => env[candidate]) : undefined
    const text = name && env[name]
    // Without a scheme it means http://, as everywhere else.
    if (text) found.set(path, { name, value: path === 'noProxy' || text.includes('://') ? text : `http://${text}` })
  }
  const tree = nested([...found].map(([path, { value }]) => [path, value]))
  return { tree, base, where: (path) => found.get(path)?.name ?? path }
}

const standardNames = [
  ['upstreamProxy', 'https_proxy', 'HTTPS_PROXY'],
  ['noProxy', 'no_proxy', 'NO_PROXY']
] as const
