import type { Token } from './token.js'

/** Renewals that the API's 401s may force: so one forbidden route cannot spend the logins of all others. */
const forcedRenewalSpacingMs = 60_000

/** A token nobody has come in with for this long is not known to be good. */
const provedForMs = 60_000

/** What the API's answers say of tokens. */
export interface Standing {
  accepted(token: Token): void
  /** When the API last let somebody in with it. */
  acceptedAt(token: Token): number | undefined
  /** From now on it is refused. False, and it is not, when another was refused less than a minute ago. */
  refuse(token: Token): boolean
  isRefused(token: Token): boolean
  /** Somebody has come in with it during the last minute. */
  isProved(token: Token): boolean
}

/** @param now the clock of the tokens */
export function createStanding(now: () => number): Standing {
  const acceptedAt = new WeakMap<Token, number>()
  let refusedGeneration = 0
  let lastForcedAt = Number.NEGATIVE_INFINITY

  return {
    accepted: (token) => void acceptedAt.set(token, now()),
    acceptedAt: (token) => acceptedAt.get(token),
    refuse(token) {
      if (now() - lastForcedAt < forcedRenewalSpacingMs) return false
      lastForcedAt = now()
      refusedGeneration = token.generation
      return true
    },
    isRefused: (token) => token.generation <= refusedGeneration,
    isProved: (token) => now() - (acceptedAt.get(token) ?? Number.NEGATIVE_INFINITY) < provedForMs
  }
}
