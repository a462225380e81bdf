/*
 * Why undici's own ProxyAgent (7.30) is not used: its dispatch makes an object of the list of headers, so that of a
 * repeated name only the last value goes out and numeric names move to the front. Nor does it send a user without a
 * password to the proxy, and the status of a refusal is left in the words of its error only.
 */
import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import type { buildConnector } from 'undici'

/** No tunnel came about. `code` begins with `PROXY_`; what the connection to the proxy failed of is in `cause`. */
class TunnelError extends Error {
  readonly code: string

  constructor(code: string, cause?: unknown) {
    super('no tunnel', { cause })
    this.name = 'TunnelError'
    this.code = code
  }
}

export interface TunnelOptions {
  /** `http://` or `https://`, with user and password if it wants them. */
  proxyUrl: string
  /** Until the proxy must have answered. */
  timeoutMs: number
  /** The authorities trusted when the proxy itself is reached over TLS; Node's own when undefined. */
  ca: string[] | undefined
  lookup: LookupFunction | undefined
  /** Monotonic milliseconds. */
  now: () => number
}

/** Domains lock an account after a few wrong passwords within half an hour or so. */
const refusedForMs = 15 * 60_000

/**
 * Connects through a forward proxy by CONNECT (RFC 9110 §9.3.6). What then goes through the tunnel is between `secure`
 * and the far end; the proxy learns the name of that and nothing else.
 */
export function createTunnel(options: TunnelOptions, secure: buildConnector.connector): buildConnector.connector {
  const { proxyUrl, timeoutMs, ca, lookup, now } = options
  const proxy = new URL(proxyUrl)
  const authorization = credentialsOf(proxy)
  const to = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/[[\]]/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    agent: false,
    ...(ca && { ca }),
    ...(lookup && { lookup })
  }

  let refusedUntil = Number.NEGATIVE_INFINITY

  /** @param challenges what a 407 asks for (RFC 9110 §11.7.1): of the schemes there are, only Basic is spoken here */
  function refusal(status: number, challenges: string | string[] = ''): TunnelError {
    if (status !== 407) return new TunnelError(`PROXY_ANSWERED_${status}`)
    const offered = String(challenges)
    if (offered !== '' && !/\bbasic\b/i.test(offered)) return new TunnelError('PROXY_NOT_BASIC')
    if (authorization === undefined) return new TunnelError('PROXY_WANTS_LOGIN')
    refusedUntil = now() + refusedForMs
    return new TunnelError('PROXY_AUTHENTICATION')
  }

  return (target, callback) => {
    if (now() < refusedUntil) {
      queueMicrotask(() => callback(new TunnelError('PROXY_AUTHENTICATION'), null))
      return
    }
    const path = target.port ? `${target.host}` : `${target.host}:443`
    const headers = { host: path, ...(authorization && { 'proxy-authorization': authorization }) }
    const asking = (proxy.protocol === 'https:' ? https : http).request({ ...to, path, headers })
    const timer = setTimeout(() => asking.destroy(new TunnelError('PROXY_TIMEOUT')), timeoutMs)

    asking.once('error', (error) => {
      clearTimeout(timer)
      callback(error instanceof TunnelError ? error : new TunnelError('PROXY_UNREACHABLE', error), null)
    })
    asking.once('connect', ({ statusCode = 0, headers }, socket, head) => {
      clearTimeout(timer)
      socket.on('error', () => {})
      if (statusCode >= 200 && statusCode < 300) {
        socket.unshift(head)
        secure({ ...target, httpSocket: socket as import('node:net').Socket }, callback)
        return
      }
      socket.destroy()
      callback(refusal(statusCode, headers['proxy-authenticate']), null)
    })
    asking.end()
  }
}

function credentialsOf({ username, password }: URL): string | undefined {
  if (username === '') return undefined
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(text).toString('base64')}`
}
