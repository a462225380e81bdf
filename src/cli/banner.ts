import type { Listener } from '../config/schema.js'
import type { Quota } from '../servicechannel/environments.js'

/** A listener as it really opened. */
export interface OpenListener extends Pick<Listener, 'environment' | 'access' | 'host'> {
  /** The port it got, where 0 was asked for. */
  port: number
  addresses: readonly string[]
  apiUrl: string
  quota: Quota
}

/** What runs where, the next line to type, and how to go on from there. Plain text, for a person. */
export function banner(listeners: readonly OpenListener[], adminUrl: string | undefined): string {
  const text = ['', '  sc-proxy is running.', '']
  for (const { environment, access, addresses, port, apiUrl, quota } of listeners) {
    text.push(
      `  http://localhost:${port}   ${labelOf(environment)}, ${access}, ${quota.calls} calls per ${quota.windowSeconds} s`
    )
    text.push(`      listens on ${addresses.join(' and ')}, forwards to ${apiUrl}`)
  }
  if (adminUrl !== undefined) text.push(`  ${adminUrl}/readiness   health`)
  const [first] = listeners
  if (first) text.push('', '  Try:', `      curl http://localhost:${first.port}/v3/workorders`)
  if (listeners.every(({ environment }) => environment === 'emulator')) text.push('', ...realCredentials)
  return `${text.join('\n')}\n\n`
}

const realCredentials = [
  '  This is the built-in emulator: invented data, no network. With a ServiceChannel account, set',
  '  SC_PROXY_CLIENT_ID, SC_PROXY_CLIENT_SECRET, SC_PROXY_USERNAME and SC_PROXY_PASSWORD and start',
  '  again: the same address then serves Sandbox2. --environment production serves Production.'
]

function labelOf(environment: string): string {
  return environment === 'production' ? '*** PRODUCTION: real work orders, real money ***' : environment
}
