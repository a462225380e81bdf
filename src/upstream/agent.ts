import type { LookupFunction } from 'node:net'
import tls from 'node:tls'
import { Agent, buildConnector, Client, fetch as undiciFetch } from 'undici'
import { trustedWith } from '../authorities.js'
import { type Clients, createClients } from './clients.js'
import { tolerateContinue } from './interim.js'
import { isExempt } from './no-proxy.js'
import { createTunnel } from './tunnel.js'

export interface AgentOptions {
  tls: { minVersion: tls.SecureVersion; maxVersion: tls.SecureVersion }
  /** PEM certificates trusted besides the ones Node trusts. */
  ca?: string
  /** `http://[user:password@]host:port` of a forward proxy such as Fiddler. Nothing here reads HTTPS_PROXY itself. */
  upstreamProxy?: string
  /** Hosts that are reached directly, as in NO_PROXY. */
  noProxy?: string
  timeouts: { connectSeconds: number; headersSeconds: number; bodySeconds: number }
  /** Resolves host names; the system's by default. */
  lookup?: LookupFunction | undefined
  /** Monotonic milliseconds that go on through a suspend. */
  now?: () => number
}

export type ConnectOptions = Pick<AgentOptions, 'tls' | 'ca' | 'upstreamProxy' | 'noProxy' | 'lookup' | 'now'> & {
  timeouts: { connectSeconds: number }
}

/** Name services of hosts in the cloud are asked again after a minute or so; .NET and others settled on two, too. */
const connectionLifeMs = 120_000

/**
 * The connections to the API of one environment. Certificates are always verified: there is no option that turns it off.
 * HTTP/1.1 only: the API's answers, odd ones included, are known in that form.
 */
export function createApiClients(options: AgentOptions, apiUrl: string): Clients {
  tolerateContinue()
  const { now = () => performance.now() } = options
  const shared = common(options)
  const each = {
    ...shared,
    connect: neverHolding(shared.connect),
    pipelining: 1,
    // Below the idle time after which servers and load balancers commonly close: a request must not meet a closing
    // socket. A server that names its own time (Keep-Alive: timeout=…) is believed, less the threshold.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    keepAliveTimeoutThreshold: 2_000
  }
  return createClients(() => new Client(apiUrl, each), connectionLifeMs, now)
}

/** The same for what is asked now and then, such as a token: each time on a connection of its own. */
export function createAgent(options: AgentOptions): Agent {
  tolerateContinue()
  return new Agent({ ...common(options), pipelining: 0 })
}

/**
 * Connections that do not keep the process alive: the clients of its listeners do. undici would make each do so for the
 * time of every call, and no longer after it, which costs as much as a quota.
 */
function neverHolding(connect: buildConnector.connector): buildConnector.connector {
  return (target, callback) =>
    connect(target, (error, socket) => {
      if (error) return callback(error, null)
      socket.unref()
      callback(null, Object.assign(socket, { ref: () => socket, unref: () => socket }))
    })
}

function common(options: AgentOptions) {
  return {
    connect: createConnect(options),
    headersTimeout: options.timeouts.headersSeconds * 1000,
    bodyTimeout: options.timeouts.bodySeconds * 1000,
    maxHeaderSize: 64 * 1024,
    allowH2: false
  }
}

/** Makes the verified TLS connections of an agent, straight or through the forward proxy. */
export function createConnect(options: ConnectOptions): buildConnector.connector {
  const { timeouts, lookup, now = () => performance.now() } = options
  const ca = trustedWith(options.ca)
  const connectMs = timeouts.connectSeconds * 1000
  const secure = buildConnector({
    // One context for all connections: with bundled roots and an extra CA, building it costs 30 ms of CPU each time.
    secureContext: tls.createSecureContext({ ...options.tls, ...(ca && { ca }) }),
    rejectUnauthorized: true,
    timeout: connectMs,
    ...(lookup && { lookup })
  })
  const { upstreamProxy, noProxy = '' } = options
  const tunnel =
    upstreamProxy && createTunnel({ proxyUrl: upstreamProxy, timeoutMs: connectMs, ca, lookup, now }, secure)
  return (target, callback) => {
    const isDirect = !tunnel || isExempt(noProxy, target.hostname, target.port || '443')
    return isDirect ? secure(target, callback) : tunnel(target, callback)
  }
}

/** The standard fetch by way of that agent. Redirects are not followed: a token endpoint's 302 is an answer. */
export function createFetch(agent: Agent): typeof globalThis.fetch {
  return ((input: string | URL, init?: object) =>
    undiciFetch(input, { ...init, dispatcher: agent, redirect: 'manual' })) as unknown as typeof globalThis.fetch
}
