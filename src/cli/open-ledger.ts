import { createLedger, type Ledger } from '../limiter/ledger.js'
import type { Log } from '../telemetry/log.js'
import type { Process } from './command.js'
import { stateDirOf } from './state-dir.js'

/** The ledger of quotas in the folder for state; undefined when nothing is to be kept, or when there is no folder. */
export function openLedger(
  setting: string | undefined,
  world: Pick<Process, 'env' | 'cwd'>,
  log: Log
): Ledger | undefined {
  if (setting === 'none') return undefined
  const folder = stateDirOf(setting, world)
  const report = (err: Error | undefined) => {
    if (!err) return log.info(`quotas are kept in ${folder} again`)
    const { code = err.message } = err as NodeJS.ErrnoException
    log.warn(
      `how much of a quota is used cannot be kept in ${folder} (${code}): after a restart within its window it may be exceeded; stateDir names another folder, or "none"`
    )
  }
  if (folder === undefined) report(new Error('this user has no home'))
  return folder === undefined ? undefined : createLedger({ folder, report })
}
