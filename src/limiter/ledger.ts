import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { fingerprint } from '../fingerprint.js'
import type { Spent } from './cooling.js'
import { type Clocks, read, type Standing, write } from './standing.js'

/** What one window has used, kept where the next process finds it. */
export interface Page {
  /** What earlier processes have used and the server may still count. */
  readonly spent: readonly Spent[]
  /** Where to look for what is to be kept; before anything else. */
  keep(standing: () => Standing): void
  /** A call came back: that is kept within a second. */
  touch(): void
  /** Resolves when what stands now is kept, and never later than a quarter of a second: a stuck disk stops nobody. */
  kept(): Promise<void>
  /** Keeps what stands now as the last word: whatever happens later is not written any more. */
  close(): Promise<void>
}

export interface Ledger {
  /** The page of one quota. Its key may name a client: only a hash of it is written. */
  page(key: string): Page
}

/** What can go wrong with a ledger; the proxy works on. */
export interface LedgerTrouble {
  /** The folder cannot be made, read or written. Told once, until it can. */
  lost(error: Error): void
  /** It can be written again. */
  found(): void
  /** The file is not one of ours: what earlier processes have used counts for nothing. */
  damaged(file: string): void
}

export interface LedgerOptions {
  /** Is made when it is not there. */
  folder: string
  trouble: LedgerTrouble
  clocks?: () => Clocks
}

/** Between the handfuls only the moment from which a place counts is at stake, and later is the safe side. */
const saveEveryMs = 1000
/** The longest a handful waits for the disk. */
const patienceMs = 250
/** No window is as long. */
const keptForMs = 7 * 24 * 3600 * 1000
const fileName = /^[0-9a-f]{32}\.json(\.[0-9a-f]{12})?$/

/**
 * A file for each quota, replaced as a whole. A place is in the file before it may be used, as part of a handful, so
 * that a process that is killed has never used more than the file says: the next one takes the handful for used. It is
 * not forced to the disk: a machine that loses its power takes longer than a window to come back.
 */
export function createLedger({ folder, trouble, clocks = machineClocks }: LedgerOptions): Ledger {
  const failing = new Set<string>()
  let isSwept = false

  function tell(path: string, error?: Error): void {
    if (error && failing.size === 0) trouble.lost(error)
    if (error) failing.add(path)
    else if (failing.delete(path) && failing.size === 0) trouble.found()
  }

  function page(key: string): Page {
    const path = join(folder, `${fingerprint(key)}.json`)
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    let standing = (): Standing => ({ spent: [], open: 0 })
    let timer: NodeJS.Timeout | undefined
    let saving: Promise<void> | undefined
    let next: Promise<void> | undefined
    let isClosed = false
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      if (!isSwept) void sweep(folder)
      isSwept = true
    } catch (error) {
      tell(path, error as Error)
    }

    async function replace(closed: boolean): Promise<void> {
      try {
        await writeFile(temporary, write(standing(), clocks(), closed), { mode: 0o600 })
        await rename(temporary, path)
        tell(path)
      } catch (error) {
        tell(path, error as Error)
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
      spent: recall(path),
      keep(look) {
        standing = look
      },
      touch() {
        if (isClosed) return
        timer ??= setTimeout(() => {
          timer = undefined
          void save()
        }, saveEveryMs).unref()
      },
      kept: () => Promise.race([save(), patience()]),
      async close() {
        isClosed = true
        clearTimeout(timer)
        await next
        await saving
        await save(true)
      }
    }
  }

  function recall(path: string): Spent[] {
    try {
      const spent = read(readFileSync(path, 'utf8'), clocks())
      if (!spent) trouble.damaged(path)
      return spent ?? []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') tell(path, error as Error)
      return []
    }
  }

  return { page }
}

function patience(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, patienceMs).unref())
}

/** Removes what quotas nobody has used for a week, and processes that were killed while writing, have left. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!fileName.test(name)) continue
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (mtimeMs < Date.now() - keptForMs) await rm(path, { force: true }).catch(() => {})
  }
}

function machineClocks(): Clocks {
  return { wall: Date.now(), uptime: uptime() * 1000 }
}
