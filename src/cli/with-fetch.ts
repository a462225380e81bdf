import type { Config } from '../config/schema.js'
import { createAgent, createFetch } from '../upstream/agent.js'

export type NetworkSettings = Pick<Config, 'tls' | 'upstreamProxy' | 'noProxy' | 'timeouts'>

/**
 * Lends a command a `fetch` that goes the proxy's own way: through the same forward proxy, trusting the same authorities. Its
 * connection is closed when the command is done with it.
 */
export async function withFetch<T>(
  network: NetworkSettings,
  ca: string | undefined,
  use: (fetch: typeof globalThis.fetch) => Promise<T>
): Promise<T> {
  const agent = createAgent({ ...network, ca })
  try {
    return await use(createFetch(agent))
  } finally {
    await agent.destroy(new Error('done'))
  }
}
