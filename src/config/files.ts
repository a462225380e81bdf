import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import stripJsonComments from 'strip-json-comments'
import type { Layer } from './collect.js'
import { parseJson } from './json.js'

/** Reads a file or throws as `readFileSync` does; as text in UTF-8 unless told otherwise. */
export type ReadFile = (path: string, encoding?: 'utf8' | 'latin1') => string

export type Text = { ok: true; text: string } | { ok: false; error: string }

/**
 * Reads a small text file; `error` is a sentence with the path and the reason. A byte order mark is dropped, and UTF-16 with
 * one is understood: so `>` writes in Windows PowerShell.
 */
export function readText(path: string, read: ReadFile = readFromDisk): Text {
  try {
    const text = read(path)
    const wide = text.startsWith('\uFFFD\uFFFD') ? Buffer.from(read(path, 'latin1'), 'latin1') : undefined
    const decoded = wide?.readUInt16BE() === 0xfffe ? wide.toString('utf16le') : text
    return { ok: true, text: decoded.replace(/^\uFEFF/, '') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    return { ok: false, error: `${path} cannot be read: ${reasons[code] ?? code}` }
  }
}

export const readFromDisk: ReadFile = (path, encoding = 'utf8') => readFileSync(path, encoding)

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied'
}

/** Reads the configuration file, named by `source`; relative file names in it count from its folder. */
export function readConfigFile(
  name: string,
  source: string,
  cwd: string,
  errors: string[],
  read?: ReadFile
): Layer | undefined {
  const path = resolve(cwd, name)
  const content = readText(path, read)
  if (!content.ok) {
    errors.push(`${source}: ${content.error}`)
    return undefined
  }
  // Comments become spaces, so that places in messages stay right.
  const parsed = parseJson(stripJsonComments(content.text))
  if (!parsed.ok) {
    errors.push(`${name} is not JSON (${parsed.place}); trailing commas are not allowed`)
    return undefined
  }
  return {
    tree: withoutSchema(parsed.value),
    base: dirname(path),
    where: (at) => (at ? `${basename(path)}: ${at}` : basename(path))
  }
}

/** `$schema` is for editors. */
function withoutSchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$schema' in value)) return value
  const { $schema: _, ...settings } = value
  return settings
}
