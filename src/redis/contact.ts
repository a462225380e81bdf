/** Whether what is shared is shared at the moment, over all quotas and logins; tells each change once. */
export interface Contact {
  readonly isMade: boolean
  /** Something was asked and not answered, or was lost; not so as long as there has been nothing to ask. */
  readonly isMissed: boolean
  /** There are more replicas than seats. */
  readonly isCrowded: boolean
  /** Why the last question was not answered. */
  readonly reason: string
  /** Replicas at work, this one included, as last heard. */
  readonly replicas: number
  /** How often it was lost so far. */
  readonly losses: number
  made(key: string, replicas: number): void
  /** No answer to this question; what was leased still holds. */
  failed(key: string, reason: string): void
  /** What was leased does not hold any longer. */
  lost(key: string): void
}

export interface ContactEvents {
  made(replicas: number): void
  lost(reason: string): void
  /** There are more replicas than seats. */
  crowded(replicas: number): void
}

/** Who was never answered for so many questions in a row is told so. */
const fewFailures = 3

/** @param seats see `SharedQuotaOptions` */
export function createContact(seats: number, events: ContactEvents): Contact {
  const apart = new Set<string>()
  const failures = new Map<string, number>()
  let state: 'new' | 'made' | 'lost' = 'new'
  let reason = 'no answer yet'
  let replicas = 1
  let losses = 0
  let isCrowded = false

  function lose(key: string): void {
    apart.add(key)
    if (state === 'lost') return
    state = 'lost'
    losses++
    events.lost(reason)
  }

  return {
    get isMade() {
      return state === 'made'
    },
    get isMissed() {
      return state === 'lost' || (state === 'new' && failures.size > 0)
    },
    get isCrowded() {
      return isCrowded
    },
    get reason() {
      return reason
    },
    get replicas() {
      return replicas
    },
    get losses() {
      return losses
    },
    made(key, count) {
      replicas = count
      failures.delete(key)
      apart.delete(key)
      if (apart.size === 0 && state !== 'made') {
        state = 'made'
        events.made(count)
      }
      if (count > seats && !isCrowded) events.crowded(count)
      isCrowded = count > seats
    },
    failed(key, why) {
      reason = why
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      if (state === 'new' && count >= fewFailures) lose(key)
    },
    lost: lose
  }
}
