import type { Commons, JoinCommons, Sharer } from '../limiter/commons.js'
import { transitMs } from '../limiter/cooling.js'
import type { Quota } from '../limiter/outcome.js'
import type { RedisConnection } from './connection.js'
import type { Contact } from './contact.js'
import { beatMs, leaseMs, longestUseMs, trustedLeaseMs } from './lease.js'
import { type Answer, readAnswer } from './quota-answer.js'
import { quotaScript } from './quota-script.js'

export interface SharedQuotaOptions {
  quota: Quota
  /** The name of the quota in Redis, prefix and all. */
  key: string
  /** Names this process; never used twice. */
  replica: string
  /** The most replicas there are at a time, … */
  seats: number
  /** … and how much of the quota they keep for the time without Redis, all together, in percent. */
  safePercent: number
  redis: Pick<RedisConnection, 'run' | 'life' | 'onReady'>
  contact: Contact
  /** Milliseconds that go on through a suspend: a lease lapses under a closed lid, too. */
  now: () => number
}

/** Where a place is wanted and none was free, this soon again. */
const impatientMs = 100
/** Places kept at hand beyond what is in use: few at first, doubled when they went quickly, halved once a window. */
const leastSpare = 2

/**
 * The window's share of a quota in Redis: places are leased a few ahead of need, so that no call waits for a round trip
 * while one is at hand, and go back when they are no longer needed. When Redis does not answer, the lease lapses, and what
 * is left is the seat's own share, which nobody else is ever granted.
 */
export function shareQuota(options: SharedQuotaOptions): JoinCommons {
  const { quota, key, replica, seats, safePercent, redis, contact, now } = options
  const keys = [`${key}:places`, `${key}:learned`]
  const graceMs = Math.ceil(longestUseMs(quota.windowMs) + transitMs)

  return (sharer: Sharer): Commons => {
    // A process that was here before, and has just ended, may have used this seat's places until then.
    const seatedAt = now() + graceMs
    let held = 0
    let most = Number.POSITIVE_INFINITY
    let leaseUntil = Number.NEGATIVE_INFINITY
    let last: Answer | undefined
    let known = sharer.learned()
    let question = 0
    let spare = leastSpare
    let spareSetAt = 0
    let owesRest = false
    let probed: '' | 'admitted' | 'refused' = ''
    let asking: Promise<void> | undefined
    let askAgain = false
    let closed = false
    let timer: NodeJS.Timeout | undefined
    let timerAt = 0
    let askedAt = 0
    let knew = 0

    const ownShare = () => Math.floor((sharer.learned().limit * safePercent) / 100 / seats)
    const seat = () => (now() < seatedAt ? 0 : ownShare())
    const allot = () => sharer.allot(seat() + Math.min(held, most))

    function lapse(): void {
      if (last === undefined || now() < leaseUntil) return
      last = undefined
      held = 0
      most = Number.POSITIVE_INFINITY
      contact.lost(key)
      sharer.release(false)
      allot()
    }

    function ahead(): number {
      if (now() - spareSetAt > quota.windowMs) {
        spare = Math.max(leastSpare, spare >> 1)
        spareSetAt = now()
      }
      // Where there are many, spare places would be most of the quota: each call asks for its own then.
      const part = Math.floor(quota.calls / (4 * (last?.live ?? seats)))
      return Math.min(spare, quota.calls >> 3, part)
    }

    /** So that the first call after a pause need not wait where the seat has no place of its own. */
    function first(): number {
      return quota.calls >= 4 * (last?.live ?? seats) ? 1 : 0
    }

    /** What is held and neither in use nor about to be goes back; returns how many more are wanted. */
    function balance(used: number): number {
      const waiting = sharer.waiting()
      const isBusy = used + waiting > 0
      const need = Math.min(quota.calls, Math.max(0, used + waiting + (isBusy ? ahead() : first()) - seat()))
      held = Math.max(Math.min(held, need, most), Math.min(held, Math.max(0, used - seat())))
      allot()
      return Math.max(0, need - held)
    }

    async function exchange(leaving: boolean): Promise<void> {
      const sentAt = now()
      const used = sharer.used()
      const want = leaving ? 0 : balance(used)
      const declared = leaving ? Math.min(held, used) : held
      const learned = sharer.learned()
      const restMs = owesRest ? Math.ceil(sharer.restMs()) : 0
      const isWaiting = sharer.waiting() > 0
      const told = { owesRest, probed }
      owesRest = false
      probed = ''
      let answer: Answer | undefined
      try {
        answer = readAnswer(
          await redis.run(quotaScript, keys, [
            replica,
            ++question,
            leaving ? 0 : leaseMs,
            graceMs,
            quota.calls,
            safePercent,
            seats,
            declared,
            used,
            want,
            redis.life,
            last?.live ?? knew,
            restMs,
            told.probed,
            2 * beatMs,
            learned.limit,
            known.limit,
            learned.trusted,
            known.trusted,
            isWaiting ? 1 : 0
          ])
        )
      } catch (error) {
        owesRest ||= told.owesRest
        probed ||= told.probed
        contact.failed(key, (error as Error).message)
        return
      }
      if (closed || answer === undefined || now() >= sentAt + trustedLeaseMs) return
      last = answer
      knew = answer.live
      leaseUntil = sentAt + trustedLeaseMs
      held = declared + answer.granted
      most = answer.most
      known = { limit: answer.limit, trusted: answer.trusted }
      const mine = sharer.learned()
      if (mine.limit === learned.limit && mine.trusted === learned.trusted) sharer.adopt(known)
      if (answer.mode === 'rest') sharer.hold(answer.restMs)
      else if (!owesRest) sharer.release(answer.mode === 'open')
      contact.made(key, answer.live)
      allot()
    }
    function ask(): void {
      if (closed) return
      if (asking) {
        askAgain = true
        return
      }
      clearTimeout(timer)
      timer = undefined
      askedAt = now()
      asking = exchange(false).finally(() => {
        asking = undefined
        if (closed) return
        const isUrgent = askAgain && last !== undefined && (owesRest || probed !== '' || last.free > 0)
        askAgain = false
        if (isUrgent) return ask()
        const isImpatient = last !== undefined && sharer.waiting() > 0
        later((isImpatient ? impatientMs : beatMs) * (0.9 + Math.random() / 5))
      })
    }

    function later(ms: number): void {
      if (asking || closed) return
      const at = now() + ms
      if (timer !== undefined && at >= timerAt) return
      clearTimeout(timer)
      timerAt = at
      timer = setTimeout(beat, ms).unref()
    }

    function beat(): void {
      lapse()
      allot() // the seat may have become this process's own meanwhile
      ask()
    }

    const stopListening = redis.onReady(ask)
    ask()

    return {
      get elsewhere() {
        return last?.elsewhere ?? 0
      },
      get free() {
        return last?.free ?? 0
      },
      lapse,
      short() {
        if (last === undefined) return
        if (now() - spareSetAt < impatientMs * 2) spare = Math.min(256, spare * 2)
        spareSetAt = now()
        // Where there is nothing to be had, asking at every call would not help.
        const inMs = last.free > 0 ? 0 : askedAt + impatientMs - now()
        if (inMs <= 0) ask()
        else later(inMs)
      },
      refused() {
        owesRest = true
        ask()
      },
      probed(admitted) {
        probed = admitted ? 'admitted' : 'refused'
        ask()
      },
      async close() {
        clearTimeout(timer)
        stopListening()
        await asking
        closed = true
        if (last !== undefined) await exchange(true)
      }
    }
  }
}
