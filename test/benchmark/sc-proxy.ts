import { join } from 'node:path'
import type { Quota } from '../../src/servicechannel/environments.js'

export interface ScProxySettings {
  readonly port: number
  /** Where it keeps what must survive a restart, as users let it. */
  readonly folder: string
  readonly upstream: { readonly apiUrl: string; readonly loginUrl: string; readonly caFile: string }
  /** Without one the limits are kept, but no run reaches them. */
  readonly quota?: Quota | undefined
  /** Whether the inspector keeps calls: as many as it does by default, or so many. */
  readonly recorder?: boolean | number | undefined
  /** Where the admin listener is; a free port unless given, and none when false. */
  readonly adminPort?: number | false | undefined
  /** The most connections to the API; the default of the product unless given. */
  readonly connections?: number | undefined
}

export const credentials = {
  clientId: 'SB.2000000001.00000000-0000-4000-8000-000000000001',
  clientSecret: 'invented',
  username: 'benchmark.user',
  password: 'invented'
}

const outOfReach: Quota = { calls: 1_000_000, windowSeconds: 20 }

/** A configuration file with both limits, a login, one line per call to the log, the admin listener and its metrics; the recorder is off. */
export function scProxyFile(settings: ScProxySettings): string {
  const { port, folder, quota = outOfReach, recorder = false, adminPort = 0, connections } = settings
  const { apiUrl, loginUrl, caFile } = settings.upstream
  return JSON.stringify({
    listeners: [{ environment: 'benchmark', port }],
    admin: adminPort === false ? { enabled: false } : { port: adminPort },
    inspector: { enabled: recorder !== false, ...(typeof recorder === 'number' && { maxCalls: recorder }) },
    ...(connections !== undefined && { pool: { connections } }),
    environments: {
      benchmark: { apiUrl, loginUrl, caFile, quota, companyQuota: outOfReach, credentials }
    },
    queue: { maxCalls: 1_000_000, maxWaitSeconds: 3600 },
    log: { level: 'info', format: 'json' },
    stateDir: join(folder, 'state')
  })
}
