import { homedir, platform } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Process } from './command.js'

/** What the answer depends on besides the setting. */
export interface Machine {
  platform: NodeJS.Platform
  /** Throws when the user has none. */
  home: () => string
}

/**
 * The folder for what must survive a restart, `setting` or the one the system has for such things: XDG Base Directory
 * on Linux, Application Support on macOS, Local AppData on Windows. Undefined when there is none.
 */
export function stateDirOf(
  setting: string | undefined,
  { env, cwd }: Pick<Process, 'env' | 'cwd'>,
  machine: Machine = { platform: platform(), home: homedir }
): string | undefined {
  if (setting !== undefined) return resolve(cwd, setting)
  const base = systemFolder(env, machine)
  return base === undefined ? undefined : join(base, 'sc-proxy')
}

function systemFolder(env: Process['env'], { platform, home }: Machine): string | undefined {
  const given = platform === 'win32' ? env.LOCALAPPDATA : platform === 'darwin' ? undefined : env.XDG_STATE_HOME
  // XDG Base Directory: a relative path is to be ignored.
  if (given !== undefined && isAbsolute(given)) return given
  const within = { win32: 'AppData/Local', darwin: 'Library/Application Support' }[platform as string]
  try {
    return join(home(), within ?? '.local/state')
  } catch {
    return undefined
  }
}
