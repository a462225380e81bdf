import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether only this machine can reach a listener on this host (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(host: string): boolean {
  const version = isIP(host)
  return version === 0 ? host.toLowerCase() === 'localhost' : loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

const everywhere = new Set(['0.0.0.0', '::'])
const localhost = new Set(['127.0.0.1', '::1', 'localhost'])

/** Whether the host is one of those that a listener binds together. */
export function isLocalhost(host: string): boolean {
  return localhost.has(host.toLowerCase())
}

/** Whether two listeners cannot both have their port. Port 0 takes a free one and never collides. */
export function collide(a: { host: string; port: number }, b: { host: string; port: number }): boolean {
  if (a.port !== b.port || a.port === 0) return false
  const [one, other] = [a.host.toLowerCase(), b.host.toLowerCase()]
  if (everywhere.has(one) || everywhere.has(other)) return true
  return one === other || (isLocalhost(one) && isLocalhost(other))
}
