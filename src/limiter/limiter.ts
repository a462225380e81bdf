import type { ProxyError } from '../errors.js'
import { createAlarm } from './alarm.js'
import { createLine, type Spot } from './line.js'
import type { Outcome, Quota } from './outcome.js'
import { clientLeft, draining, queueFull, waitTooLong } from './refusal.js'
import { createWindow, type Member, type Window, type WindowSnapshot } from './window.js'

export type { Outcome, Quota } from './outcome.js'

/** What a call brings along when it asks for its turn. */
export interface Ticket {
  /** Calls of one client are served in their order; clients take turns. */
  readonly client: string
  /** Urgency 0 (first) to 7 (last), as in RFC 9218: the more urgent always goes first. */
  readonly priority: number
  /** Aborted: the caller has left, its place in the line is free at once. */
  readonly signal: AbortSignal
  /** The longest this caller waits; the queue's own bound still holds. */
  readonly maxWaitMs?: number | undefined
}

/** The right to send one call now. Every lease is reported, also when the caller has left in the meantime. */
export interface Lease {
  readonly waitedMs: number
  /** Calls in line when it arrived. */
  readonly ahead: number
  /** What became of the call. Only the first report counts. */
  report(outcome: Outcome): void
}

/** Plain data for a status page; times in ms from now. */
export interface LimiterSnapshot {
  application: WindowSnapshot
  company: WindowSnapshot | undefined
  waiting: number
  oldestWaitMs: number
  /** When the next call can depart, under both quotas. */
  nextPlaceInMs: number
  restingForMs: number
  draining: boolean
}

export interface Limiter {
  /**
   * Waits for a place under every quota. `again`: the call was refused upstream and goes back to the front of its urgency;
   * it is never refused for a full queue, and its bound counts from now.
   *
   * @throws ProxyError `queue_full` or `wait_too_long` as soon as that is known, `draining`, `client_left`
   */
  acquire(ticket: Ticket, options?: { again?: boolean }): Promise<Lease>
  snapshot(): LimiterSnapshot
  /** Shutting down in `deadlineMs`: waiting calls that can depart by then still do, all others are refused. */
  drain(deadlineMs: number): void
  /** Refuses whoever waits and stops all timers. A shared company window stays open: its creator closes it. */
  close(): Promise<void>
}

export interface LimiterOptions {
  application: Quota
  /** The window of the company, one object for all its limiters. */
  company?: Window | undefined
  queue: { maxCalls: number; maxWaitMs: number }
  /** A monotonic clock in milliseconds. */
  now?: (() => number) | undefined
}

interface Waiter {
  readonly ticket: Ticket
  readonly arrivedAt: number
  readonly ahead: number
  readonly boundMs: number
  deadline: number
  spot: Spot<Waiter> | undefined
  readonly resolve: (lease: Lease) => void
  readonly reject: (error: ProxyError) => void
  readonly onAbort: () => void
}

/** Even a call that may not wait gives Bottleneck the time to grant a place that is free. */
const grantMs = 50
/** Deadlines this near are met together. */
const sweepMs = 5

/** Admits calls under the application's quota and, if there is one, the company's. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { company, queue, now = () => performance.now() } = options
  const application = createWindow(options.application, { now })
  const line = createLine<Waiter>()
  const alarm = createAlarm(() => sweep(now(), 0), { keepsProcessAlive: true })
  let drainBy = Number.POSITIVE_INFINITY
  let closed = false

  const member: Member = {
    waiting: () => line.size,
    depart: departNext,
    delayed: (at) => sweep(at, at + opensInMs(at))
  }
  application.join(member)
  const leaveCompany = company?.join(member)

  function isOpen(at: number): boolean {
    return application.isOpen(at) && (company === undefined || company.isOpen(at))
  }

  function opensInMs(at: number): number {
    return Math.max(application.opensInMs(at), company?.opensInMs(at) ?? 0)
  }

  /** When the call at this position departs, in ms from now. */
  function estimate(position: number, at: number): number {
    const wait = application.waitFor(position, at)
    if (!company) return wait
    return Math.max(wait, company.waitFor(position + company.rivals(member, position), at))
  }

  function depart(at: number, arrivedAt: number, ahead: number): Lease {
    const own = application.take(at)
    const shared = company?.take(at)
    let reported = false
    return {
      waitedMs: at - arrivedAt,
      ahead,
      report(outcome) {
        if (reported) return
        reported = true
        const back = now()
        const companys = company !== undefined && outcome.kind === 'throttled' && outcome.scope === 'company'
        // The window that did not refuse the call has one more call in it and learns nothing else.
        const elsewhere: Outcome =
          outcome.kind === 'unsent' ? outcome : { kind: 'spent', unanswered: isUnanswered(outcome) }
        application.settle(own, companys ? elsewhere : outcome, back)
        if (shared) company?.settle(shared, companys ? outcome : elsewhere, back)
        // The company first: what came back to it goes by turns.
        company?.wake(back)
        application.wake(back)
      }
    }
  }

  function departNext(at: number): boolean {
    if (line.size === 0 || !isOpen(at)) return false
    const waiter = line.shift()
    if (!waiter) return false
    forget(waiter)
    waiter.resolve(depart(at, waiter.arrivedAt, waiter.ahead))
    return true
  }

  function forget(waiter: Waiter): void {
    waiter.ticket.signal.removeEventListener('abort', waiter.onAbort)
    if (line.size === 0) alarm.clear()
  }

  function remove(waiter: Waiter): void {
    if (waiter.spot) line.leave(waiter.spot)
    forget(waiter)
  }

  /** Why a call that has to wait may not; undefined when it may. */
  function refusal(ticket: Ticket, again: boolean, boundMs: number, at: number): ProxyError | undefined {
    const waitMs = estimate(line.ahead(ticket.client, ticket.priority, again), at)
    if (closed || (drainBy < Number.POSITIVE_INFINITY && (!again || at + waitMs > drainBy))) return draining(waitMs)
    // Calls for which a place is free already only wait for their permit and do not fill the queue.
    const free = Math.min(application.available(at), company?.available(at) ?? Number.POSITIVE_INFINITY)
    if (!again && line.size - free >= queue.maxCalls) {
      const roomInMs = estimate(line.size - queue.maxCalls, at)
      return queueFull(line.size, Math.max(roomInMs, waitMs - boundMs))
    }
    return waitMs > boundMs ? waitTooLong(waitMs, boundMs) : undefined
  }

  /** Turns away whose time is up, and whoever cannot make it because nothing departs before `opens`. */
  function sweep(at: number, opens: number): void {
    let next = Number.POSITIVE_INFINITY
    const late: Waiter[] = []
    for (const waiter of line.order()) {
      if (waiter.deadline <= at + sweepMs || waiter.deadline < opens) late.push(waiter)
      else next = Math.min(next, waiter.deadline)
    }
    for (const waiter of late) remove(waiter)
    for (const { ticket, deadline, boundMs, reject } of late) {
      const waitMs = estimate(line.ahead(ticket.client, ticket.priority, false), at)
      reject(deadline === drainBy ? draining(waitMs) : waitTooLong(waitMs, boundMs))
    }
    if (line.size > 0) alarm.set(next, at)
  }

  function enter(waiter: Waiter, again: boolean, at: number): void {
    waiter.spot = line.join(waiter, waiter.ticket.client, waiter.ticket.priority, again)
    waiter.ticket.signal.addEventListener('abort', waiter.onAbort, { once: true })
    alarm.set(waiter.deadline, at)
    application.missed(at)
    company?.missed(at)
    application.wake(at)
  }

  return {
    acquire(ticket, { again = false } = {}) {
      const at = now()
      if (ticket.signal.aborted) return Promise.reject(clientLeft(ticket.signal))
      if (line.size === 0 && (again || drainBy === Number.POSITIVE_INFINITY) && !closed && isOpen(at)) {
        return Promise.resolve(depart(at, at, 0))
      }
      const boundMs = Math.min(queue.maxWaitMs, ticket.maxWaitMs ?? Number.POSITIVE_INFINITY)
      const refused = refusal(ticket, again, boundMs, at)
      if (refused) return Promise.reject(refused)
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          ticket,
          arrivedAt: at,
          ahead: line.size,
          boundMs,
          deadline: Math.min(at + Math.max(boundMs, grantMs), drainBy),
          spot: undefined,
          resolve,
          reject,
          onAbort() {
            remove(waiter)
            reject(clientLeft(ticket.signal))
          }
        }
        enter(waiter, again, at)
      })
    },
    snapshot() {
      const at = now()
      const arrivals = line.order().map((waiter) => waiter.arrivedAt)
      return {
        application: application.snapshot(),
        company: company?.snapshot(),
        waiting: line.size,
        oldestWaitMs: arrivals.length > 0 ? at - Math.min(...arrivals) : 0,
        nextPlaceInMs: estimate(0, at),
        restingForMs: opensInMs(at),
        draining: drainBy < Number.POSITIVE_INFINITY
      }
    },
    drain(deadlineMs) {
      const at = now()
      drainBy = at + deadlineMs
      let position = 0
      for (const waiter of line.order()) {
        const waitMs = estimate(position++, at)
        if (waitMs > deadlineMs) {
          remove(waiter)
          waiter.reject(draining(waitMs))
        } else waiter.deadline = Math.min(waiter.deadline, drainBy)
      }
      if (line.size > 0) alarm.set(drainBy, at)
    },
    async close() {
      closed = true
      for (const waiter of line.order()) {
        remove(waiter)
        waiter.reject(draining(0))
      }
      leaveCompany?.()
      await application.close()
    }
  }
}

function isUnanswered(outcome: Outcome): boolean {
  return outcome.kind === 'spent' && outcome.unanswered === true
}
