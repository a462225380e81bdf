import { join } from 'node:path'
import type { Quota } from '../../src/servicechannel/environments.js'

export interface ScProxySettings {
  readonly port: number
  /** Where it keeps what must survive a restart, as users let it. */
  readonly folder: string
  readonly upstream: { readonly apiUrl: string; readonly loginUrl: string; readonly caFile: string }
  /** Without one the limits are kept, but no run reaches them. */
  readonly quota?: Quota | undefined
  /** Whether the inspector keeps every call. */
  readonly recorder?: boolean | undefined
}

export const credentials = {
  clientId: 'SB.2000000001.00000000-0000-4000-8000-000000000001',
  clientSecret: 'invented',
  username: 'benchmark.user',
  password: 'invented'
}

const outOfReach: Quota = { calls: 1_000_000, windowSeconds: 20 }

/** A configuration file with both limits, a login, one line per call to the log, the admin listener and its metrics; the recorder is off. */
export function scProxyFile({ port, folder, upstream, quota = outOfReach, recorder = false }: ScProxySettings): string {
  const { apiUrl, loginUrl, caFile } = upstream
  return JSON.stringify({
    listeners: [{ environment: 'benchmark', port }],
    admin: { port: 0 },
    inspector: { enabled: recorder },
    environments: {
      benchmark: { apiUrl, loginUrl, caFile, quota, companyQuota: outOfReach, credentials }
    },
    queue: { maxCalls: 1_000_000, maxWaitSeconds: 3600 },
    log: { level: 'info', format: 'json' },
    stateDir: join(folder, 'state')
  })
}
