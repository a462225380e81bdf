import type { ProxyError } from '../errors.js'
import { createAlarm } from './alarm.js'
import { createLine, type Spot } from './line.js'
import { clientLeft } from './refusal.js'

/** What a call brings along when it asks for its turn. */
export interface Claim {
  /** Calls of one client are served in their order; clients take turns. */
  readonly client: string
  /** Urgency 0 (first) to 7 (last), as in RFC 9218: the more urgent always goes first. */
  readonly priority: number
  /** The longest this caller waits; the queue's own bound still holds. */
  readonly maxWaitMs?: number | undefined
  /** When its request arrived, on the limiter's clock: who was here before a drain is still served. Default: now. */
  readonly since?: number | undefined
}

/** The same of a call that waits. */
export interface Ticket extends Claim {
  /** Aborted: the caller has left, its place in the line is free at once. */
  readonly signal: AbortSignal
}

/** A call that waits. It is resolved or rejected by whoever takes it out. */
export interface Waiter<R> {
  readonly ticket: Ticket
  readonly arrivedAt: number
  /** Calls in line when it arrived. */
  readonly ahead: number
  readonly boundMs: number
  readonly deadline: number
  readonly resolve: (result: R) => void
  readonly reject: (error: ProxyError) => void
}

/** The waiting line with its two other exits: the caller leaves, or its time is up. */
export interface WaitingRoom<R> {
  size(): number
  enter(waiter: Waiter<R>, again: boolean, at: number): void
  /** Whose turn it is, taken out. */
  next(): Waiter<R> | undefined
  /** Would somebody give way to a newcomer if the room were full? */
  canDisplace(claim: Claim): boolean
  /** Who gives way to a newcomer, taken out. */
  displace(ticket: Ticket): Waiter<R> | undefined
  /** How many calls would go before one that entered now. */
  ahead(claim: Claim, again: boolean): number
  /** Everybody in the order of service. */
  order(): Waiter<R>[]
  /** Takes these calls out. */
  remove(waiters: Waiter<R>[]): void
  /** From now on nobody waits beyond `time`. */
  limit(time: number, at: number): void
  /** Nothing departs before `opens`: whoever cannot wait that long is late at once. */
  shut(opens: number, at: number): void
}

/** Deadlines this near are met together. */
const sweepMs = 5

/** `late`: calls that have just been taken out because their time is up; answer them. */
export function createWaitingRoom<R>(
  now: () => number,
  late: (waiters: Waiter<R>[], at: number) => void
): WaitingRoom<R> {
  interface Seat {
    readonly waiter: Waiter<R>
    readonly onAbort: () => void
    spot: Spot<Seat> | undefined
  }
  const line = createLine<Seat>()
  const alarm = createAlarm(() => sweep(now(), 0), { keepsProcessAlive: true })
  let lastCall = Number.POSITIVE_INFINITY

  function stand(seat: Seat): void {
    if (seat.spot) line.leave(seat.spot)
    seat.waiter.ticket.signal.removeEventListener('abort', seat.onAbort)
    if (line.size() === 0) alarm.clear()
  }

  function sweep(at: number, opens: number): void {
    const due = Math.max(at + sweepMs, opens)
    const waiters: Waiter<R>[] = []
    let next = lastCall
    for (const seat of line.order()) {
      const deadline = Math.min(seat.waiter.deadline, lastCall)
      if (deadline > due) next = Math.min(next, deadline)
      else {
        stand(seat)
        waiters.push(seat.waiter)
      }
    }
    if (line.size() > 0) alarm.set(next, at)
    if (waiters.length > 0) late(waiters, at)
  }

  return {
    size: () => line.size(),
    enter(waiter, again, at) {
      const { client, priority, signal } = waiter.ticket
      const seat: Seat = {
        waiter,
        spot: undefined,
        onAbort() {
          stand(seat)
          waiter.reject(clientLeft(signal))
        }
      }
      seat.spot = line.join(seat, client, priority, again)
      signal.addEventListener('abort', seat.onAbort, { once: true })
      alarm.set(Math.min(waiter.deadline, lastCall), at)
    },
    next() {
      const seat = line.shift()
      if (seat) stand(seat)
      return seat?.waiter
    },
    canDisplace: ({ client, priority }) => line.lastBehind(client, priority) !== undefined,
    displace({ client, priority }) {
      const seat = line.lastBehind(client, priority)
      if (seat) stand(seat)
      return seat?.waiter
    },
    ahead: (ticket, again) => line.ahead(ticket.client, ticket.priority, again),
    order: () => line.order().map((seat) => seat.waiter),
    remove(waiters) {
      const gone = new Set(waiters)
      for (const seat of line.order()) if (gone.has(seat.waiter)) stand(seat)
    },
    limit(time, at) {
      lastCall = time
      if (line.size() > 0) alarm.set(time, at)
    },
    shut: (opens, at) => sweep(at, opens)
  }
}
