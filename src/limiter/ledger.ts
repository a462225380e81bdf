import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import type { Spent } from './cooling.js'
import { type Clocks, read, type Standing, write } from './standing.js'

/** What one window has used, kept where the next process finds it. */
export interface Page {
  /** What earlier processes have used and the server may still count. */
  readonly spent: readonly Spent[]
  /** Where to look for what is to be kept; before anything else. */
  keep(standing: () => Standing): void
  /** Something was used or came back: kept within a quarter of a second. */
  touch(): void
  /** Resolves when what stands now is kept, and never later than a quarter of a second: a stuck disk stops nobody. */
  kept(): Promise<void>
  /** Keeps what stands now as the last word. */
  close(): Promise<void>
}

export interface Ledger {
  /** The page of one quota. Its key may name a client: only a hash of it is written. */
  page(key: string): Page
}

export interface LedgerOptions {
  /** Is made when it is not there. */
  folder: string
  /** The ledger cannot be kept, or can be kept again (undefined). */
  report: (error: Error | undefined) => void
  clocks?: () => Clocks
}

const saveEveryMs = 250

/**
 * A file for each quota, replaced as a whole. A place is in the file before it may be used, as part of a handful, so
 * that a process that is killed has never used more than the file says: the next one takes the handful for used. It is
 * not forced to the disk: a machine that loses its power takes longer than a window to come back.
 */
export function createLedger({ folder, report, clocks = machineClocks }: LedgerOptions): Ledger {
  let isFailing = false

  function tell(error?: Error): void {
    if (isFailing !== (error !== undefined)) report(error)
    isFailing = error !== undefined
  }

  function page(key: string): Page {
    const path = join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`)
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    let standing = (): Standing => ({ spent: [], open: 0 })
    let timer: NodeJS.Timeout | undefined
    let saving: Promise<void> | undefined
    let next: Promise<void> | undefined
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      tell(error as Error)
    }

    async function replace(closed: boolean): Promise<void> {
      try {
        await writeFile(temporary, write(standing(), clocks(), closed), { mode: 0o600 })
        await rename(temporary, path)
        tell()
      } catch (error) {
        tell(error as Error)
        await rm(temporary, { force: true }).catch(() => {})
      }
    }

    /** One at a time: what comes up meanwhile goes into the next. */
    function save(closed = false): Promise<void> {
      if (saving) {
        next ??= saving.then(() => {
          next = undefined
          return save(closed)
        })
        return next
      }
      saving = replace(closed).finally(() => {
        saving = undefined
      })
      return saving
    }

    return {
      spent: read(textOf(path), clocks()),
      keep(look) {
        standing = look
      },
      touch() {
        timer ??= setTimeout(() => {
          timer = undefined
          void save()
        }, saveEveryMs).unref()
      },
      kept: () => Promise.race([save(), patience()]),
      async close() {
        clearTimeout(timer)
        await next
        await saving
        await save(true)
      }
    }
  }

  return { page }
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, saveEveryMs).unref())
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function machineClocks(): Clocks {
  return { wall: Date.now(), uptime: uptime() * 1000 }
}
