import tls from 'node:tls'
import { Agent, type Dispatcher, EnvHttpProxyAgent, fetch as undiciFetch } from 'undici'
import { tolerateContinue } from './interim.js'

export interface AgentOptions {
  tls: { minVersion: tls.SecureVersion; maxVersion: tls.SecureVersion }
  /** PEM certificates trusted besides the ones Node trusts. */
  ca?: string
  /** `http://[user:password@]host:port` of a forward proxy such as Fiddler. Nothing here reads HTTPS_PROXY itself. */
  upstreamProxy?: string
  /** Hosts that are reached directly, as in NO_PROXY. */
  noProxy?: string
  timeouts: { connectSeconds: number; headersSeconds: number; bodySeconds: number }
  /** Connections kept per origin. */
  connections: number
}

/**
 * The dispatcher of one environment, for API and login alike. Certificates are always verified: there is no option
 * that turns it off. HTTP/1.1 only: the API's answers, odd ones included, are known in that form.
 */
export function createAgent(options: AgentOptions): Dispatcher {
  tolerateContinue()
  const connect = {
    // One context for all connections: with bundled roots and an extra CA, building it costs 30 ms of CPU each time.
    secureContext: tls.createSecureContext({
      ...options.tls,
      ...(options.ca && { ca: [...trustedRoots(), options.ca] })
    }),
    rejectUnauthorized: true,
    timeout: options.timeouts.connectSeconds * 1000
  }
  const pool = {
    connect,
    connections: options.connections,
    pipelining: 1,
    headersTimeout: options.timeouts.headersSeconds * 1000,
    bodyTimeout: options.timeouts.bodySeconds * 1000,
    // Below the idle time after which servers and load balancers commonly close: a request must not meet a closing socket.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
    maxHeaderSize: 64 * 1024,
    allowH2: false
  }
  if (!options.upstreamProxy) return new Agent(pool)
  return new EnvHttpProxyAgent({
    ...pool,
    httpProxy: options.upstreamProxy,
    httpsProxy: options.upstreamProxy,
    noProxy: options.noProxy ?? '',
    // `connect` serves the hosts reached directly, `requestTls` those inside the tunnel.
    requestTls: connect
  })
}

/** The standard fetch over that dispatcher. Redirects are not followed: a token endpoint's 302 is an answer. */
export function createFetch(dispatcher: Dispatcher): typeof globalThis.fetch {
  return ((input: string | URL, init?: object) =>
    undiciFetch(input, { ...init, dispatcher, redirect: 'manual' })) as unknown as typeof globalThis.fetch
}

function trustedRoots(): readonly string[] {
  // Newer Node versions can name what they really trust, NODE_EXTRA_CA_CERTS included.
  const modern = tls as { getCACertificates?: (type: 'default') => string[] }
  return modern.getCACertificates?.('default') ?? tls.rootCertificates
}
