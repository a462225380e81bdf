import { setTimeout as delay } from 'node:timers/promises'
import { type ProblemCode, ProxyError } from '../errors.js'
import type { Governor } from '../oauth/governor.js'
import type { Login } from '../oauth/login.js'
import type { Renewal } from '../oauth/renewal.js'
import { sessionLifeMs } from '../oauth/session.js'
import type { RedisConnection } from './connection.js'
import { askScript, extendScript, settleScript } from './login-scripts.js'
import type { Seal } from './seal.js'

export interface SharedLoginOptions {
  /** Names of the user's and of the login's key. */
  keys: [user: string, login: string]
  replica: string
  seal: Seal
  redis: Pick<RedisConnection, 'run'>
  /** Milliseconds between two token requests of one user. */
  spacingMs: number
  /** How far apart replicas that cannot agree try for themselves, at most. */
  spreadMs: number
  /** The clock of the tokens. */
  now: () => number
}

/** A login that takes longer has its lease renewed; a replica that dies holds the others up for so long. */
const leaseMs = 6000
const extendEveryMs = 2000
/** Who waits for another's login looks this often. */
const lookEveryMs = 200
/** Where Redis does not answer and the token still serves, it is asked this often. */
const awayMs = 1000
/** Where there is none, this long at least: whoever has just started has no connection yet. */
const patienceMs = 1500

interface SealedToken {
  accessToken: string
  grant: Renewal['grant']
  refreshToken?: string
  loggedInAgoMs?: number
}

/**
 * One renewal for all replicas: whoever gets the lease logs in and leaves the token, sealed, for the others. The number
 * of the lease fences it: a replica that was cut off and comes back late cannot replace what came after. A failure, a
 * rejected password above all, is everybody's. Without Redis the token that is there serves to its end; after that
 * every replica logs in for itself.
 */
export function shareLogin(login: Login, governor: Governor, options: SharedLoginOptions): Login {
  const { keys, replica, seal, redis, spacingMs, spreadMs, now } = options
  let seen = ''
  let clear = false
  let lookedAt = Number.NEGATIVE_INFINITY

  /** Another replica's token as a renewal of our own. */
  function adopt(token: SealedToken, lifeMs: number, endsAt: number): Renewal {
    const { accessToken, grant, refreshToken, loggedInAgoMs } = token
    if (refreshToken !== undefined) {
      login.session.adopt(refreshToken, loggedInAgoMs === undefined ? undefined : now() - loggedInAgoMs)
    }
    login.rest.end()
    return { accessToken, grant, lifeMs, askedAt: endsAt - lifeMs }
  }

  function sealed({ accessToken, grant }: Renewal): string {
    const endsAt = login.session.endsAt()
    const token: SealedToken = { accessToken, grant }
    const refreshToken = login.session.refreshToken()
    if (refreshToken !== undefined) token.refreshToken = refreshToken
    if (endsAt !== undefined) token.loggedInAgoMs = Math.max(0, now() + sessionLifeMs - endsAt)
    return seal.seal(token)
  }

  async function renewForAll(
    fence: number,
    waitMs: number,
    servesForMs: () => number,
    signal: AbortSignal
  ): Promise<Renewal> {
    governor.restFor(waitMs)
    const extending = setInterval(() => {
      redis.run(extendScript, keys, [replica, fence, leaseMs]).catch(() => {})
    }, extendEveryMs)
    extending.unref()
    const settle = (...told: (string | number)[]) =>
      redis
        .run(settleScript, keys, [replica, fence, Math.ceil(governor.waitMs()), ...told])
        .then((taken) => taken === 1)
        .catch(() => false)
    try {
      const renewal = await login.renew(servesForMs, signal)
      const leftMs = Math.floor(renewal.askedAt + renewal.lifeMs - now())
      if (await settle('token', sealed(renewal), Math.floor(renewal.lifeMs), leftMs)) seen = `${fence}`
      return renewal
    } catch (error) {
      const forMs = login.rest.remainingMs()
      if (error instanceof ProxyError && forMs > 0) {
        const { code, message } = error
        const restMs = Number.isFinite(forMs) ? Math.ceil(forMs) : -1
        await settle('failure', seal.seal({ code, message }), 0, restMs)
      } else await settle('nothing', '', 0, 0)
      throw error
    } finally {
      clearInterval(extending)
    }
  }

  async function renew(servesForMs: () => number, signal: AbortSignal): Promise<Renewal> {
    // A person has just logged in, whatever token others have.
    if (login.session.nextGrant()?.type === 'authorization_code') return login.renew(servesForMs, signal)
    let aloneAt: number | undefined
    for (;;) {
      signal.throwIfAborted()
      const askedAt = now()
      lookedAt = askedAt
      const known = clear ? undefined : login.rest.refusal()
      let reply: [string, ...(string | number)[]]
      try {
        const mayLogin = known === undefined ? 1 : 0
        const told = [replica, seen, mayLogin, clear ? 1 : 0, leaseMs, spacingMs]
        reply = (await redis.run(askScript, keys, told)) as typeof reply
        clear = false
        aloneAt = undefined
      } catch {
        if (known) throw known
        const leftMs = servesForMs()
        if (leftMs > 0) {
          await delay(Math.min(awayMs, leftMs), undefined, { signal, ref: false })
          continue
        }
        // All are in the same position: not all at the same moment.
        aloneAt ??= now() + patienceMs + Math.random() * spreadMs
        if (now() >= aloneAt) return login.renew(servesForMs, signal)
        await delay(Math.min(lookEveryMs, aloneAt - now()), undefined, { signal })
        continue
      }
      const [kind, first, second, third, fourth] = reply
      if (kind === 'token') {
        seen = String(second)
        const token = seal.open(String(first)) as SealedToken | undefined
        if (token) return adopt(token, Number(third), askedAt + Number(fourth))
      } else if (kind === 'failure') {
        const failure = seal.open(String(first)) as { code: ProblemCode; message: string } | undefined
        const { code = 'login_resting', message = 'Another replica could not log in.' } = failure ?? {}
        throw known ?? login.rest.failed(new ProxyError(code, message), Number(second), Number(second))
      } else if (kind === 'lease') return renewForAll(Number(first), Number(second), servesForMs, signal)
      else {
        if (known) throw known
        await delay(Math.min(lookEveryMs, Math.max(1, Number(first))), undefined, { signal })
      }
    }
  }

  return {
    session: login.session,
    rest: {
      ...login.rest,
      // What keeps this replica from trying must not keep it from finding that another has succeeded.
      refusal: () => (now() - lookedAt >= awayMs ? undefined : login.rest.refusal()),
      end() {
        login.rest.end()
        clear = true
      }
    },
    renew
  }
}
