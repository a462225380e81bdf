import type { InspectorOptions } from '../admin/inspector.js'
import type { Config } from '../config/schema.js'
import { type Log, logCalls } from '../telemetry/log.js'
import { createMetrics, type Metrics } from '../telemetry/metrics.js'
import type { Readings } from '../telemetry/readings.js'
import type { OpenRecording } from '../telemetry/recording.js'
import type { CallObserver } from '../telemetry/records.js'
import { createInspection, type Inspected } from './inspection.js'
import { openSpans } from './open-spans.js'
import { packageVersion } from './version.js'

/** What watches the calls and takes no part in them. */
export interface Observation {
  readonly observe: CallObserver
  readonly metrics: Metrics
  readonly inspector: InspectorOptions
  /** For the listener in this place of the configuration. */
  recordingOf(listener: number): OpenRecording | undefined
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

/** Opens log lines, metrics, spans and recorder, as far as the configuration wants them. */
export async function openObservation(config: Config, log: Log, house: Observed): Promise<Observation> {
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
  return {
    observe(call) {
      for (const observe of observers) observe(call)
    },
    metrics,
    inspector: inspection.options,
    recordingOf: (listener) => (enabled ? inspection.options.recorder?.at(listener) : undefined),
    reconfigure: inspection.reconfigure,
    close: async () => spans?.close()
  }
}
