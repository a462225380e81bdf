import type { CallRecord } from '../telemetry/records.js'

/** What has been going on, by environment, in a few numbers. */
export interface Activity {
  /** A call is over; `agent` is what its client calls itself. */
  note(record: CallRecord, agent: string | undefined): void
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
  /** Calls sent, by what clients call themselves: told by their names alone. */
  agents: Map<string, number>
  /** Those of all that are not listed. */
  byOthers: number
}

interface Observed {
  pieces: Piece[]
  health: UpstreamHealth
}

const pieceMs = 10_000
const pieces = 60
const piecesOfAMinute = 6
/** More than this are not a list but a flood. */
const mostAgents = 50
/** Nor does anybody call itself something longer. */
const longestAgent = 1000
const others = 'others'

/**
 * @param nameOf what may be told of a client that calls itself so
 * @param now ms since 1970
 */
export function createActivity(nameOf: (agent: string) => string, now: () => number = Date.now): Activity {
  const environments = new Map<string, Observed>()

  function observed(environment: string): Observed {
    const known = environments.get(environment)
    if (known) return known
    const added: Observed = { pieces: [], health: { state: 'unknown' } }
    environments.set(environment, added)
    return added
  }

  function pieceOf({ pieces: all }: Observed): Piece {
    const moment = now()
    const at = moment - (moment % pieceMs)
    const latest = all.at(-1)
    if (latest?.at === at) return latest
    const piece: Piece = { at, calls: 0, failed: 0, longestWaitMs: 0, agents: new Map(), byOthers: 0 }
    all.push(piece)
    if (all.length > pieces) all.shift()
    return piece
  }

  return {
    note(record, agent = '') {
      const { status, problem, queueMs, attempts, environment } = record
      const known = observed(environment)
      const { health } = known
      const piece = pieceOf(known)
      piece.calls++
      if (status >= 500) piece.failed++
      piece.longestWaitMs = Math.max(piece.longestWaitMs, queueMs)
      if (attempts > 0) {
        const sent = piece.agents.get(agent)
        const isListed = sent !== undefined || (piece.agents.size < mostAgents && agent.length <= longestAgent)
        if (isListed) piece.agents.set(agent, (sent ?? 0) + attempts)
        else piece.byOthers += attempts
      }
      if (problem?.startsWith('upstream_') || problem?.startsWith('login_')) {
        health.state = 'failing'
        health.lastFailureAt = now()
        health.lastFailure = problem
      } else if (attempts > 0 && problem === undefined) {
        health.state = 'answering'
        health.lastAnswerAt = now()
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
      const add = (client: string, calls: number) => sums.set(client, (sums.get(client) ?? 0) + calls)
      for (const { at, agents, byOthers } of observed(environment).pieces) {
        if (at <= from) continue
        for (const [agent, calls] of agents) add(nameOf(agent), calls)
        if (byOthers > 0) add(others, byOthers)
      }
      return [...sums].map(([client, calls]) => ({ client, calls })).sort((a, b) => b.calls - a.calls)
    },
    upstream: (environment) => ({ ...observed(environment).health })
  }
}
