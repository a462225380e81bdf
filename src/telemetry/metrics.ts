import type { Exposition, Instruments } from './instruments.js'
import type { Readings } from './readings.js'
import type { CallRecord } from './records.js'
import { createTallies, type LoginResult } from './tallies.js'

export interface Metrics {
  /** Counts a finished call. */
  observe(call: CallRecord): void
  observeLogin(environment: string, login: LoginResult): void
  expose(): Promise<Exposition>
}

/**
 * Counts what happens. The library that tells it to Prometheus costs 40 ms of start-up, so it is loaded when metrics are
 * first asked for.
 */
export function createMetrics(readings: Readings): Metrics {
  const { observe, observeLogin, all } = createTallies()
  let loading: Promise<Instruments> | undefined

  return {
    observe,
    observeLogin,
    async expose() {
      loading ??= import('./instruments.js').then(({ createInstruments }) => createInstruments(all, readings))
      return (await loading).expose()
    }
  }
}
