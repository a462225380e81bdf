import type { Listener } from '../config/schema.js'
import type { Quota } from '../servicechannel/environments.js'

/** A listener as it really opened, without secrets. */
export interface OpenListener extends Pick<Listener, 'environment' | 'access'> {
  /** The port it got, where 0 was asked for. */
  port: number
  addresses: readonly string[]
  apiUrl: string
  quota: Quota
  wantsClientKey: boolean
}

/** What runs where, the next line to type, and how to go on from there. Plain text, for a person. */
export function banner(listeners: readonly OpenListener[], inspectorUrl: string | undefined): string {
  const text = ['', '  sc-proxy is running.', '']
  for (const listener of listeners) {
    const { environment, access, addresses, apiUrl, quota } = listener
    text.push(
      `  ${urlOf(listener)}   ${labelOf(environment)}, ${access}, ${quota.calls} calls per ${quota.windowSeconds} s`
    )
    text.push(`      listens on ${addresses.join(' and ')}, forwards to ${apiUrl}`)
  }
  if (inspectorUrl !== undefined) text.push(`  ${inspectorUrl}   inspector`)
  const [first] = listeners
  if (first) text.push('', '  Try:', `      curl ${urlOf(first)}/v3/workorders${keyOf(first)}`)
  if (listeners.every(({ environment }) => environment === 'emulator')) text.push('', ...realCredentials)
  return `${text.join('\n')}\n\n`
}

const realCredentials = [
  '  This is the built-in emulator: invented data, no network. With a ServiceChannel account, set',
  '  SC_PROXY_CLIENT_ID, SC_PROXY_CLIENT_SECRET, SC_PROXY_USERNAME and SC_PROXY_PASSWORD and start',
  '  again: the same address then serves Sandbox2. --environment production serves Production.'
]

/** By the name everybody knows, where the machine itself can use it. */
export function urlOf({ addresses, port }: Pick<OpenListener, 'addresses' | 'port'>): string {
  const isLocal = addresses.some((address) => /^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):/.test(address))
  return `http://${isLocal ? `localhost:${port}` : addresses[0]}`
}

/** What a page of ours says of a listener. */
export function whereabouts(listener: OpenListener): Pick<Listener, 'environment' | 'access'> & { url: string } {
  const { environment, access } = listener
  return { environment, access, url: urlOf(listener) }
}

/**
 * Every origin under which a browser of this machine may have opened a page from there. Only what is really bound: on
 * another address the same port may be another program's.
 */
export function originsOf({ addresses, port }: Pick<OpenListener, 'addresses' | 'port'>): string[] {
  const everywhere = addresses.some((address) => /^(?:0\.0\.0\.0|\[::\]):/.test(address))
  const bound = everywhere ? [...addresses, `127.0.0.1:${port}`, `[::1]:${port}`] : addresses
  return [...new Set([urlOf({ addresses, port }), ...bound.map((address) => `http://${address}`)])]
}

function keyOf({ wantsClientKey }: OpenListener): string {
  return wantsClientKey ? " -H 'x-sc-proxy-key: …'" : ''
}

function labelOf(environment: string): string {
  return environment === 'production' ? '*** PRODUCTION: real work orders, real money ***' : environment
}
