import type { CallRecord } from '../telemetry/records.js'

/** What has been going on, by environment, in a few numbers. */
export interface Activity {
  /** A call is over. */
  note(record: CallRecord, client: string): void
  /** The last ten minutes of an environment, oldest first, in pieces of ten seconds. */
  history(environment: string): Moment[]
  /** Who has been sending calls to ServiceChannel during the last minute, most first. */
  clients(environment: string): { client: string; calls: number }[]
  /** How the last calls that were sent have ended. */
  upstream(environment: string): UpstreamHealth
}

export interface Moment {
  /** When it began, ms since 1970. */
  at: number
  calls: number
  /** Those of them answered with 500 or more, or not at all. */
  failed: number
  longestWaitMs: number
}

export interface UpstreamHealth {
  state: 'unknown' | 'answering' | 'failing'
  lastAnswerAt?: number
  lastFailureAt?: number
  /** The code of the last failure. */
  lastFailure?: string
}

interface Piece extends Moment {
  clients: Map<string, number>
}

interface Observed {
  pieces: Piece[]
  health: UpstreamHealth
}

const pieceMs = 10_000
const pieces = 60
const piecesOfAMinute = 6
/** More names than this are not a list but a flood. */
const mostClients = 50

/** @param now ms since 1970 */
export function createActivity(now: () => number = Date.now): Activity {
  const environments = new Map<string, Observed>()

  function observed(environment: string): Observed {
    const known = environments.get(environment) ?? { pieces: [], health: { state: 'unknown' } }
    environments.set(environment, known)
    return known
  }

  function pieceOf({ pieces: all }: Observed): Piece {
    const at = now() - (now() % pieceMs)
    const latest = all.at(-1)
    if (latest?.at === at) return latest
    const piece: Piece = { at, calls: 0, failed: 0, longestWaitMs: 0, clients: new Map() }
    all.push(piece)
    if (all.length > pieces) all.shift()
    return piece
  }

  return {
    note(record, client) {
      const { status, problem, queueMs, attempts, environment } = record
      const known = observed(environment)
      const piece = pieceOf(known)
      piece.calls++
      if (status >= 500) piece.failed++
      piece.longestWaitMs = Math.max(piece.longestWaitMs, queueMs)
      if (attempts > 0) {
        const name = piece.clients.has(client) || piece.clients.size < mostClients ? client : 'others'
        piece.clients.set(name, (piece.clients.get(name) ?? 0) + attempts)
      }
      if (problem?.startsWith('upstream_') || problem?.startsWith('login_')) {
        known.health = { ...known.health, state: 'failing', lastFailureAt: now(), lastFailure: problem }
      } else if (attempts > 0 && problem === undefined) {
        known.health = { ...known.health, state: 'answering', lastAnswerAt: now() }
      }
    },
    history(environment) {
      const from = now() - pieceMs * pieces
      return observed(environment)
        .pieces.filter(({ at }) => at > from)
        .map(({ at, calls, failed, longestWaitMs }) => ({ at, calls, failed, longestWaitMs }))
    },
    clients(environment) {
      const from = now() - pieceMs * piecesOfAMinute
      const sums = new Map<string, number>()
      for (const { at, clients } of observed(environment).pieces) {
        if (at > from) for (const [client, calls] of clients) sums.set(client, (sums.get(client) ?? 0) + calls)
      }
      return [...sums].map(([client, calls]) => ({ client, calls })).sort((a, b) => b.calls - a.calls)
    },
    upstream: (environment) => observed(environment).health
  }
}
