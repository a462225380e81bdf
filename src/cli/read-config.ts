import { type Loaded, loadConfig } from '../config/load.js'
import type { Command, Process } from './command.js'

/**
 * The configuration of a command, or undefined after every error has been written to stderr: the command then ends
 * with exit code 2 and has done nothing. Warnings are written to stderr either way.
 */
export function readConfig(
  world: Process,
  argv: readonly string[],
  command: Pick<Command, 'name' | 'settings'> = { name: 'start' }
): Extract<Loaded, { ok: true }> | undefined {
  const loaded = loadConfig({ argv, env: world.env, cwd: world.cwd, command })
  for (const warning of loaded.warnings) world.stderr.write(`sc-proxy: warning: ${warning}\n`)
  if (loaded.ok) return loaded
  for (const error of loaded.errors) world.stderr.write(`sc-proxy: ${error}\n`)
  world.stderr.write(`sc-proxy: nothing was started; "sc-proxy help ${command.name}" lists every setting\n`)
  return undefined
}
