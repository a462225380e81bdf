import type { ProxyError } from '../errors.js'
import type { JoinCommons } from './commons.js'
import type { Page } from './ledger.js'
import type { Outcome, Quota } from './outcome.js'
import { clientLeft, draining, queueFull, waitTooLong } from './refusal.js'
import { type Claim, createWaitingRoom, type Ticket, type Waiter } from './waiting-room.js'
import { createWindow, type Member, type Window } from './window.js'
import type { WindowSnapshot } from './window-snapshot.js'

export type { Outcome, Quota } from './outcome.js'
export type { Claim, Ticket } from './waiting-room.js'

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
  /** Why a call would be refused if it came now; undefined when it would depart or wait. */
  refusal(ticket: Claim): ProxyError | undefined
  /** A place that is free now and that nobody waits for. */
  tryAcquire(ticket: Claim, options?: { again?: boolean }): Lease | undefined
  /**
   * Waits for a place under every quota. `again`: the call was refused upstream and goes back to the front of its
   * urgency; it is never refused for a full queue, and its bound counts from now.
   *
   * @throws ProxyError `queue_full` or `wait_too_long` as soon as that is known, `draining`, `client_left`
   */
  acquire(ticket: Ticket, options?: { again?: boolean }): Promise<Lease>
  snapshot(): LimiterSnapshot
  /**
   * Shutting down in `deadlineMs`: calls that are here and can depart by then still do, all others are refused. A call
   * may be here whose body is still arriving: its ticket says so.
   */
  drain(deadlineMs: number): void
  /** Refuses whoever waits and stops all timers. A shared company window stays open: its creator closes it. */
  close(): Promise<void>
}

export interface LimiterOptions {
  application: Quota
  /** How many calls the application's window may hold before the server has shown that it admits so many; default all. */
  trusted?: number | undefined
  /** Where the application's window is written down; nowhere by default. */
  page?: Page | undefined
  /** The application's quota is shared with other processes; by default it is this limiter's alone. */
  commons?: JoinCommons | undefined
  /** The window of the company, one object for all its limiters. */
  company?: Window | undefined
  queue: { maxCalls: number; maxWaitMs: number }
  /** A monotonic clock in milliseconds. */
  now?: (() => number) | undefined
}

/** Even a call that may not wait gives Bottleneck the time to grant a place that is free. */
const grantMs = 50

/** Admits calls under the application's quota and, if there is one, the company's. */
export function createLimiter(options: LimiterOptions): Limiter {
  const { trusted, page, commons, company, queue, now = () => performance.now() } = options
  const application = createWindow(options.application, { now, trusted, page, commons })
  const room = createWaitingRoom<Lease>(now, turnAway)
  let drainSince = Number.POSITIVE_INFINITY
  let drainBy = Number.POSITIVE_INFINITY
  let closed = false

  const member: Member = {
    waiting: () => room.size(),
    depart: departNext,
    delayed: (at) => room.shut(at + opensInMs(at), at)
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
    const waitMs = application.waitFor(position, at)
    if (!company) return waitMs
    return Math.max(waitMs, company.waitFor(position + company.rivals(member, position), at))
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
        if (company && shared) {
          const companys = outcome.kind === 'throttled' && outcome.scope === 'company'
          application.settle(own, companys ? elsewhere(outcome) : outcome, back)
          company.settle(shared, companys ? outcome : elsewhere(outcome), back)
          company.wake(back) // the company first: what came back to it goes by turns
        } else application.settle(own, outcome, back)
        application.wake(back)
      }
    }
  }

  function departNext(at: number): boolean {
    const waiter = isOpen(at) ? room.next() : undefined
    waiter?.resolve(depart(at, waiter.arrivedAt, waiter.ahead))
    return waiter !== undefined
  }

  /** It came after the doors had been shut. */
  function isLate(ticket: Claim, again: boolean, at: number): boolean {
    return !again && (ticket.since ?? at) >= drainSince
  }

  /** A permit is at hand and nobody is before it. */
  function mayDepart(ticket: Claim, again: boolean, at: number): boolean {
    return room.size() === 0 && !isLate(ticket, again, at) && !closed && isOpen(at)
  }

  function boundOf({ maxWaitMs = Number.POSITIVE_INFINITY }: Claim): number {
    return Math.min(queue.maxWaitMs, maxWaitMs)
  }

  /**
   * Calls in line for a place; negative while more are free. Those for which one is free only wait for their permit and
   * do not fill the queue.
   */
  function queued(at: number): number {
    const free = Math.min(application.available(at), company?.available(at) ?? Number.POSITIVE_INFINITY)
    return room.size() - free
  }

  function isFull(at: number): boolean {
    return queued(at) >= queue.maxCalls
  }

  /** Why a call that has to wait may not; undefined when it may. */
  function refusal(ticket: Claim, again: boolean, at: number): ProxyError | undefined {
    const boundMs = boundOf(ticket)
    const waitMs = estimate(room.ahead(ticket, again), at)
    if (closed || at + waitMs > drainBy || isLate(ticket, again, at)) return draining(waitMs)
    if (!again && isFull(at) && !room.canDisplace(ticket)) return full(waitMs - boundMs, at)
    return waitMs > boundMs ? waitTooLong(waitMs, boundMs) : undefined
  }

  function full(leastMs: number, at: number): ProxyError {
    return queueFull(Math.max(0, queued(at)), Math.max(leastMs, estimate(room.size() - queue.maxCalls, at)))
  }

  /** Puts a call in line; in a full one somebody gives way. */
  function enter(waiter: Waiter<Lease>, again: boolean, at: number): void {
    const displaced = !again && isFull(at) ? room.displace(waiter.ticket) : undefined
    room.enter(waiter, again, at)
    displaced?.reject(full(estimate(room.ahead(displaced.ticket, false), at) - displaced.boundMs, at))
  }

  /** Answers waiting calls whose time is up. They may all come back, and then not all find the same place. */
  function turnAway(waiters: Waiter<Lease>[], at: number): void {
    for (const [before, { ticket, deadline, boundMs, reject }] of waiters.entries()) {
      const waitMs = estimate(room.ahead(ticket, false) + before, at)
      reject(deadline < drainBy ? waitTooLong(waitMs, boundMs) : draining(waitMs))
    }
  }

  function tryAcquire(ticket: Claim, again: boolean, at: number): Lease | undefined {
    return mayDepart(ticket, again, at) ? depart(at, at, 0) : undefined
  }

  return {
    refusal(ticket) {
      const at = now()
      return mayDepart(ticket, false, at) ? undefined : refusal(ticket, false, at)
    },
    tryAcquire: (ticket, { again = false } = {}) => tryAcquire(ticket, again, now()),
    acquire(ticket, { again = false } = {}) {
      const at = now()
      if (ticket.signal.aborted) return Promise.reject(clientLeft(ticket.signal))
      const lease = tryAcquire(ticket, again, at)
      if (lease) return Promise.resolve(lease)
      const refused = refusal(ticket, again, at)
      if (refused) return Promise.reject(refused)
      return new Promise((resolve, reject) => {
        const boundMs = boundOf(ticket)
        const deadline = at + Math.max(boundMs, grantMs)
        enter({ ticket, arrivedAt: at, ahead: room.size(), boundMs, deadline, resolve, reject }, again, at)
        application.missed(at)
        company?.missed(at)
        application.wake(at)
      })
    },
    snapshot() {
      const at = now()
      return {
        application: application.snapshot(),
        company: company?.snapshot(),
        waiting: room.size(),
        oldestWaitMs: room.order().reduce((oldest, { arrivedAt }) => Math.max(oldest, at - arrivedAt), 0),
        nextPlaceInMs: estimate(0, at),
        restingForMs: opensInMs(at),
        draining: drainBy < Number.POSITIVE_INFINITY
      }
    },
    drain(deadlineMs) {
      const at = now()
      drainSince = at
      drainBy = at + deadlineMs
      const late = room.order().filter((_, position) => estimate(position, at) > deadlineMs)
      room.remove(late)
      for (const { reject } of late) reject(draining(deadlineMs))
      room.limit(drainBy, at)
    },
    async close() {
      closed = true
      const rest = room.order()
      room.remove(rest)
      for (const { reject } of rest) reject(draining(0))
      leaveCompany?.()
      await application.close()
    }
  }
}

/** The same call for the window that did not refuse it: one more call in it, nothing to learn. */
function elsewhere(outcome: Outcome): Outcome {
  return outcome.kind === 'unsent' || outcome.kind === 'spent' ? outcome : { kind: 'spent' }
}
