import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { ProxyError } from '../errors.js'
import { createHostCheck } from '../host.js'

export interface AdminGuardOptions {
  /** The name or address the admin listener was asked to bind. */
  host: string
  /** Other names by which this machine is known. */
  allowedHosts: readonly string[]
}

/**
 * Keeps pages of the web from the admin listener, for everything that is served there. An address for a `Host` is fine,
 * since orchestrators probe by address and no name can be made to point here that way (DNS rebinding); a name must be
 * one of ours.
 *
 * @throws ProxyError `host_not_allowed` or `origin_not_allowed`
 */
export function createAdminGuard({ host, allowedHosts }: AdminGuardOptions): (request: IncomingMessage) => void {
  const isOurs = createHostCheck(host, allowedHosts)
  return ({ headers }) => {
    const { host: authority, origin, 'sec-fetch-site': site = 'none' } = headers
    // Only HTTP/1.0 leaves Host out, and no browser speaks that.
    if (authority !== undefined && !isOurs(authority) && !isAddress(authority)) {
      throw new ProxyError(
        'host_not_allowed',
        'The Host header is neither an address nor a name of this machine nor in allowedHosts of a listener.'
      )
    }
    const isOwn = origin === undefined ? site === 'none' || site === 'same-origin' : origin === `http://${authority}`
    if (!isOwn)
      throw new ProxyError('origin_not_allowed', 'A web page of another origin made this request or led here.')
  }
}

/** An address as URLs write it (RFC 3986 §3.2.2), with a port or without. */
function isAddress(authority: string): boolean {
  const [, v6, v4 = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(authority) ?? []
  return v6 === undefined ? isIP(v4) === 4 : isIP(v6) === 6 && !v6.includes('%')
}
