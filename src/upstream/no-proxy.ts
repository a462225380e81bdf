/*
 * Why undici's own EnvHttpProxyAgent (7.30) is not used: it hands every request to a ProxyAgent, which does not keep the
 * headers as they are (see tunnel.ts). It also overlooks `::1` without brackets, and `*` beside others.
 */

/**
 * Is this host reached without the forward proxy? `noProxy` as NO_PROXY has it: host names, each with all names below
 * it, IP addresses, both perhaps with a port; or `*` for everything.
 */
export function isExempt(noProxy: string, hostname: string, port: string): boolean {
  const host = hostname.toLowerCase()
  const entries = noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter(Boolean)
  return entries.some((entry) => {
    // An IPv6 address has a port only when it is in brackets.
    const [, name = entry, onlyPort = port] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? []
    const bare = name.replace(/^\*?\.|[[\]]/g, '')
    return entry === '*' || (onlyPort === port && (host === bare || host.endsWith(`.${bare}`)))
  })
}
