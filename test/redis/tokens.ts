import type { Test } from 'tap'
import { createTokenStore, type TokenStore } from '../../src/oauth/token-store.js'
import { openSharing, type Sharing } from '../../src/redis/sharing.js'

export const credentials = {
  clientId: 'SB.1.a',
  clientSecret: 'a client secret',
  username: 'user',
  password: 'pass word'
}

/** A proxy's tokens, and what it shares. */
export interface Replica {
  tokens: TokenStore
  sharing: Sharing | undefined
}

/** One replica's tokens, over a connection of its own; without `redis` it is alone. */
export function openTokens(
  t: Test,
  redis: { url: string } | undefined,
  fetch: typeof globalThis.fetch,
  own = credentials
): Replica {
  const now = () => performance.now()
  const sharing =
    redis &&
    openSharing({
      url: redis.url,
      keyPrefix: 'test',
      maxReplicas: 4,
      safeSharePercent: 25,
      events: { made() {}, lost() {}, crowded() {} },
      now
    })
  const tokens = createTokenStore({
    name: 'test',
    loginUrl: 'https://login.example',
    credentials: own,
    fetch,
    share: sharing?.login('https://login.example', now),
    timeoutMs: 10_000,
    now,
    explain: () => ({ kind: 'unreachable', reason: 'no', isLasting: false })
  })
  t.teardown(() => {
    tokens.close()
    sharing?.close()
  })
  return { tokens, sharing }
}
