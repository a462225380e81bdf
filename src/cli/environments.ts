import type { LookupFunction } from 'node:net'
import type { Config, Environment } from '../config/schema.js'
import { ProxyError } from '../errors.js'
import type { Ledger } from '../limiter/ledger.js'
import { createLimiter, type Limiter } from '../limiter/limiter.js'
import { trustAtFirst } from '../limiter/trust.js'
import { createWindow, type Window, type WindowOptions } from '../limiter/window.js'
import { createElapsedClock } from '../oauth/clock.js'
import { createGovernors } from '../oauth/governor.js'
import { createTokenStore, type TokenEvent, type TokenStore, type TokenStoreOptions } from '../oauth/token-store.js'
import type { Sharing } from '../redis/sharing.js'
import { companyOf, type Quota } from '../servicechannel/environments.js'
import { type Log, logLogins } from '../telemetry/log.js'
import { createAgent, createApiClients, createFetch } from '../upstream/agent.js'
import { createReadAhead } from '../upstream/body.js'
import { createExchange, type Exchange } from '../upstream/exchange.js'
import { explainFailure } from '../upstream/failure.js'
import { createSend } from '../upstream/send.js'
import { createSlots, type Slots } from '../upstream/slots.js'

/** The rooms behind one environment, ready for its listeners. */
export interface ConnectedEnvironment {
  readonly name: string
  readonly apiUrl: string
  readonly loginUrl: string
  readonly clientId: string
  readonly quota: Quota
  readonly exchange: Exchange
  readonly limiter: Limiter
  readonly tokens: TokenStore
  readonly slots: Pick<Slots, 'busy' | 'waiting'>
}

/** The login of an environment that outlives the process. */
export type Session = Required<Pick<TokenStoreOptions, 'credentials' | 'keep'>>

export interface Connector {
  /** @param session what to log in with, when it is more than the configuration says, and where to keep it */
  connect(environment: Environment, session?: Session): ConnectedEnvironment
  /** Refuses whoever still waits and cuts what is still open. */
  close(): Promise<void>
}

/** What lies outside; what tests put in the place of the machine's own. */
export interface Ports {
  /** Where it is written down what quotas were used for; nowhere by default. */
  ledger?: Ledger | undefined
  /** What is shared with other processes; nothing by default. */
  sharing?: Sharing | undefined
  /** Monotonic milliseconds that go on through a suspend. */
  now?: () => number
  lookup?: LookupFunction
  /** Hears of every request to a token endpoint, besides the log. */
  onLogin?: (environment: string, event: TokenEvent) => void
}

type Settings = Pick<Config, 'queue' | 'timeouts' | 'pool' | 'tls' | 'upstreamProxy' | 'noProxy'>

/**
 * Makes the rooms of each environment. What ServiceChannel counts together is shared here: a limiter per client id, a
 * company window per company number, a governor per user, whatever environments and listeners they turn up in.
 */
export function createConnector(config: Settings, log: Log, ports: Ports = {}): Connector {
  const { ledger, sharing, now = createElapsedClock(), lookup, onLogin } = ports
  const governors = createGovernors()
  const readAhead = createReadAhead({ silenceMs: config.timeouts.bodySeconds * 1000 })
  const windows = new Map<string, Window>()
  const limiters = new Map<string, Limiter>()
  const closers: (() => unknown)[] = []

  function connect(environment: Environment, session?: Session): ConnectedEnvironment {
    const { name, apiUrl, loginUrl, credentials } = environment
    const { clientId, clientSecret, username, password } = credentials
    const network = {
      tls: config.tls,
      ca: environment.ca,
      upstreamProxy: config.upstreamProxy,
      noProxy: config.noProxy,
      timeouts: config.timeouts,
      lookup,
      now
    }
    const agent = createAgent(network)
    const clients = createApiClients(network, apiUrl)
    const logLogin = logLogins(log, name)
    const slots = createSlots(config.pool.connections, config.timeouts.connectSeconds * 1000)
    const tokens = createTokenStore({
      name,
      loginUrl,
      credentials: session?.credentials ?? { clientId, clientSecret, username, password },
      ...(session && { keep: session.keep }),
      fetch: createFetch(agent),
      governors,
      share: name === 'emulator' ? undefined : sharing?.login(loginUrl, now),
      timeoutMs: config.timeouts.loginSeconds * 1000,
      now,
      explain: explainFailure,
      onEvent(event) {
        logLogin(event)
        onLogin?.(name, event)
      }
    })
    const limiter = shared(limiters, `${apiUrl} ${clientId}`, () =>
      createLimiter({
        application: inMs(environment.quota),
        trusted: trustAtFirst(environment.quota.calls),
        ...booksOf(environment, credentials.clientId, environment.quota),
        company: companyWindow(environment),
        queue: { maxCalls: config.queue.maxCalls, maxWaitMs: config.queue.maxWaitSeconds * 1000 }
      })
    )
    closers.push(
      () => tokens.close(),
      () => limiter.close(),
      () => agent.destroy(cutOff()),
      () => clients.destroy(cutOff())
    )
    const exchange = createExchange({
      environment: name,
      limiter,
      tokens,
      slots,
      send: createSend(clients),
      readAhead,
      now
    })
    const { quota } = environment
    return { name, apiUrl, loginUrl, clientId, quota, limiter, tokens, slots, exchange }
  }

  /**
   * Where it is written what is used of a quota. Redis knows that of a process before this one, too. The emulator forgets
   * with the process whatever was asked of it.
   */
  function booksOf({ name, apiUrl }: Environment, who: string, quota: Quota): Pick<WindowOptions, 'page' | 'commons'> {
    if (name === 'emulator') return {}
    const key = `${apiUrl} ${who}`
    return sharing ? { commons: sharing.quota(key, inMs(quota)) } : { page: ledger?.page(key) }
  }

  function companyWindow(environment: Environment): Window | undefined {
    const { apiUrl, companyQuota, credentials } = environment
    const company = companyOf(credentials.clientId)
    if (companyQuota === undefined || company === undefined) return undefined
    return shared(windows, `${apiUrl} ${company}`, () => {
      const trusted = trustAtFirst(companyQuota.calls)
      const window = createWindow(inMs(companyQuota), { trusted, ...booksOf(environment, company, companyQuota) })
      closers.push(() => window.close())
      return window
    })
  }

  return {
    connect,
    async close() {
      await Promise.all(closers.splice(0).map((close) => close()))
    }
  }
}

function shared<T>(known: Map<string, T>, key: string, create: () => T): T {
  const value = known.get(key) ?? create()
  known.set(key, value)
  return value
}

/** What a call under way is answered when the time is over; without retry-after, since it may have been carried out. */
function cutOff(): ProxyError {
  const sentence = 'The proxy shut down before the answer came. The request may or may not have been carried out.'
  return new ProxyError('draining', sentence)
}

function inMs({ calls, windowSeconds }: Quota): { calls: number; windowMs: number } {
  return { calls, windowMs: windowSeconds * 1000 }
}
