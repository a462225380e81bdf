import { createLedger, type Ledger } from '../limiter/ledger.js'
import type { Log } from '../telemetry/log.js'
import type { Process } from './command.js'
import { stateDirOf } from './state-dir.js'

/**
 * The ledger of quotas in the folder for state; undefined when nothing is to be kept. What goes wrong with a folder that
 * somebody named is a warning. That the system has none to offer, as in a container that cannot be written to, is no
 * failure: one line says what follows from it.
 */
export function openLedger(
  setting: string | undefined,
  world: Pick<Process, 'env' | 'cwd'>,
  log: Log
): Ledger | undefined {
  if (setting === 'none') return undefined
  const level = setting === undefined ? 'info' : 'warn'
  const lost = (where: string) =>
    log[level](`${where}: a restart forgets what was used of a quota in its last window; stateDir names another folder`)
  const folder = stateDirOf(setting, world)
  if (folder === undefined) {
    lost('this user has no home to keep anything in')
    return undefined
  }
  return createLedger({
    folder,
    trouble: {
      lost: (error: NodeJS.ErrnoException) => lost(`nothing can be kept in ${folder} (${error.code ?? error.message})`),
      found: () => log.info(`what is used of a quota is kept in ${folder} again`),
      damaged: (file) => log.warn(`${file} is damaged: what was used of a quota before this start does not count`)
    }
  })
}
