import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { source } from './paths.js'

/** A program that is not part of the project, and what it needs in its environment. */
export interface Tool {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

const unpacked = source('.tools')
const systemFolders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']

/** The system's own, or the one that setup.sh has fetched; undefined when there is neither. */
export function findTool(name: string): Tool | undefined {
  const own = systemFolders.map((folder) => join(folder, name)).find(isExecutable)
  if (own) return { path: own, env: {} }
  const fetched = ['usr/bin', 'usr/sbin'].map((folder) => join(unpacked, folder, name)).find(isExecutable)
  return fetched ? { path: fetched, env: { LD_LIBRARY_PATH: libraries().join(':') } } : undefined
}

/** @throws Error that says what is missing and where to get it */
export function needTool(name: string): Tool {
  const tool = findTool(name)
  if (!tool) throw new Error(`${name} is not installed: run test/benchmark/setup.sh`)
  return tool
}

/** The number it gives when asked for its version, such as `1.22.1`. */
export function versionOf({ path, env }: Tool, argument: string): string {
  const { stdout, stderr } = spawnSync(path, [argument], { encoding: 'utf8', env: { ...env } })
  return /\d+(?:\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'of unknown version'
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Debian keeps libraries in a folder named for the architecture. */
function libraries(): string[] {
  return ['usr/lib', 'lib']
    .map((folder) => join(unpacked, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => join(folder, name))
    )
}
