import type { InspectorOptions } from '../admin/inspector.js'
import type { Config } from '../config/schema.js'
import { gather } from '../telemetry/gather.js'
import type { Exposition } from '../telemetry/instruments.js'
import { type Log, logCalls } from '../telemetry/log.js'
import { createMetrics } from '../telemetry/metrics.js'
import type { Readings } from '../telemetry/readings.js'
import type { Recording } from '../telemetry/recording.js'
import type { CallObserver } from '../telemetry/records.js'
import type { LoginResult } from '../telemetry/tallies.js'
import { createInspection, type Inspected } from './inspection.js'
import { openSpans } from './open-spans.js'
import { packageVersion } from './version.js'

/** What watches the calls and takes no part in them. */
export interface Observation {
  readonly observe: CallObserver
  observeLogin(environment: string, login: LoginResult): void
  /** Every metric, up to the last call. */
  expose(): Promise<Exposition>
  readonly inspector: InspectorOptions
  /** For the listener in this place of the configuration. */
  recordingOf(listener: number): Recording | undefined
  /** Learns what is secret from now on. */
  reconfigure(config: Config): void
  close(): Promise<void>
}

export interface Observed extends Inspected {
  /** Open client connections of the listener in this place. */
  connections(listener: number): number
  /** What is shared with other processes, if anything is. */
  readonly sharing?: Readings['sharing']
}

/**
 * Opens log lines, metrics, spans and recorder, as far as the configuration wants them.
 *
 * @param onExit calls back when the process ends. When given, calls may be told of a tenth of a second late.
 */
export async function openObservation(
  config: Config,
  log: Log,
  house: Observed,
  onExit?: (listener: () => void) => void
): Promise<Observation> {
  const { enabled } = config.admin
  const metrics = createMetrics({
    version: packageVersion(),
    environments: house.environments,
    sharing: house.sharing,
    listeners: () =>
      house.listeners().map(({ environment }, index) => ({ environment, connections: () => house.connections(index) }))
  })
  const spans = await openSpans(config, log)
  const inspection = createInspection(config, house)
  const observers: CallObserver[] = [logCalls(log)]
  // Whoever has no admin listener has nobody to ask for metrics, and no inspector to look at.
  if (enabled) observers.push(metrics.observe)
  if (spans) observers.push(spans.observe)
  const gathering = gather(observers)
  onExit?.(gathering.flush)
  return {
    observe: onExit ? gathering.observe : tellEach(observers),
    observeLogin: metrics.observeLogin,
    expose() {
      gathering.flush()
      return metrics.expose()
    },
    inspector: inspection.options,
    recordingOf: (listener) => (enabled ? inspection.options.recorder?.at(listener) : undefined),
    reconfigure: inspection.reconfigure,
    async close() {
      gathering.flush()
      await spans?.close()
    }
  }
}

function tellEach(observers: readonly CallObserver[]): CallObserver {
  return (call) => {
    for (const observe of observers) observe(call)
  }
}
