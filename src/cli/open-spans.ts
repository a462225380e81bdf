import type { Config } from '../config/schema.js'
import type { Log } from '../telemetry/log.js'
import type { Spans } from '../telemetry/spans.js'
import { packageVersion } from './version.js'

/** The spans, if somebody wants them; their code is loaded for nobody else. */
export async function openSpans({ tracing: { endpoint } }: Config, log: Log): Promise<Spans | undefined> {
  if (endpoint === undefined) return undefined
  const { createSpans } = await import('../telemetry/spans.js')
  return createSpans({
    endpoint,
    version: packageVersion(),
    onTrouble: (reason) => log.warn(`spans are lost: the collector at ${endpoint} ${reason}`)
  })
}
