/** Is this authority (`host[:port]`) a name of ours, on a connection that arrived at `localAddress`? */
export type HostCheck = (authority: string, localAddress?: string) => boolean

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/**
 * The defence against DNS rebinding: a hostile name may resolve to this machine, but a browser still sends that name.
 * Ports are not compared, since containers map them. An address is ours when the connection really arrived at it.
 */
export function createHostCheck(host: string, allowedHosts: readonly string[]): HostCheck {
  const names = new Set([...loopbackNames, hostOf(host), ...allowedHosts.map(hostOf)])
  const isOurs: HostCheck = (authority, localAddress) => {
    const asked = hostOf(authority)
    return names.has(asked) || (localAddress !== undefined && asked === hostOf(localAddress.replace(/^::ffff:/, '')))
  }

  // Nearly every request says what the one before it said.
  let last: { authority: string; localAddress: string | undefined; isOurs: boolean } | undefined
  return (authority, localAddress) => {
    if (last?.authority !== authority || last.localAddress !== localAddress)
      last = { authority, localAddress, isOurs: isOurs(authority, localAddress) }
    return last.isOurs
  }
}

/** A host and port as a URL has them: an IPv6 address in brackets (RFC 3986 section 3.2.2). */
export function authorityOf(host: string, port: number | undefined): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Where to call what is bound to this host: an address to bind is not always one to call. */
export function callable(host: string): string {
  return { '0.0.0.0': '127.0.0.1', '::': '::1', localhost: '127.0.0.1' }[host.toLowerCase()] ?? host
}

/** Where to call what is bound to this authority. */
export function dialled(authority: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(authority) ?? []
  return { host: callable(bracketed ?? plain ?? ''), port: Number(port) }
}

function hostOf(authority: string): string {
  const name = authority.toLowerCase()
  if (name.startsWith('[')) return name.replace(/\]:\d*$/, ']')
  if (name.split(':').length > 2) return `[${name}]`
  return name.replace(/:\d*$/, '').replace(/\.$/, '')
}
