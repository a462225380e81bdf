import { type Spent, transitMs } from './cooling.js'

/** How much of a quota is used: what the next process must know. */
export interface Standing {
  readonly spent: readonly Spent[]
  /** Calls that are out, and places that may be used at any moment without another word. */
  readonly open: number
}

/** Both clocks of the machine, in ms: the wall's, and how long it has been up. */
export interface Clocks {
  readonly wall: number
  readonly uptime: number
}

/** @param closed nothing is used after this: the process has ended in an orderly way */
export function write({ spent, open }: Standing, { wall, uptime }: Clocks, closed: boolean): string {
  const rows = spent.map(({ calls, agoMs }) => [Math.floor(agoMs), calls])
  return `${JSON.stringify({ version, wall, uptime, closed, open, spent: rows })}\n`
}

/**
 * What still counts of it now, whoever wrote it and however that process ended: one that was killed may have used all
 * it had open until a moment ago. Undefined when the text is not one of ours.
 */
export function read(text: string, now: Clocks): Spent[] | undefined {
  const page = parse(text)
  if (!page) return undefined
  const elapsedMs = elapsed(page, now)
  const spent = page.spent.map(([agoMs, calls]) => ({ calls, agoMs: Math.max(-transitMs, agoMs) + elapsedMs }))
  if (page.open > 0) spent.push({ calls: page.open, agoMs: (page.closed ? elapsedMs : 0) - transitMs })
  return spent
}

const version = 1

/** Clocks that differ by more than this have been set, or the machine has been started anew. */
const noticeableMs = 2000
/** Some systems tell their uptime in whole seconds. */
const uptimeErrorMs = 1000

/**
 * How long ago that was. A clock somebody has set is found out by the other one, as is a folder that has moved to
 * another machine; when in doubt less time has passed, which costs a wait of one window at most.
 */
function elapsed(then: Clocks, now: Clocks): number {
  const byWall = now.wall - then.wall
  const byUptime = now.uptime - then.uptime
  const wasStartedAnew = byUptime < -uptimeErrorMs
  const isBelieved = wasStartedAnew || Math.abs(byWall - byUptime) <= noticeableMs
  return Math.max(0, isBelieved ? byWall : Math.min(byWall, byUptime - uptimeErrorMs))
}

interface Page extends Clocks {
  closed: boolean
  open: number
  spent: [agoMs: number, calls: number][]
}

function parse(text: string): Page | undefined {
  try {
    const page = JSON.parse(text) as Page & { version: unknown }
    const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1_000_000
    const isRow = (row: unknown) => Array.isArray(row) && Number.isFinite(row[0]) && isCount(row[1])
    const isOurs =
      page.version === version && Number.isFinite(page.wall) && Number.isFinite(page.uptime) && isCount(page.open)
    return isOurs && page.spent.every(isRow) ? page : undefined
  } catch {
    return undefined
  }
}
