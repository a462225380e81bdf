import type { Instruments } from './instruments.js'
import type { Readings } from './readings.js'
import type { CallRecord } from './records.js'

/** What happened at a token endpoint, as far as it is counted. */
export interface LoginResult {
  type: 'renewed' | 'failed'
  grant: string
  code?: string
}

/** Every metric, in the text format of Prometheus. */
export interface Exposition {
  contentType: string
  text: string
}

export interface Metrics {
  /** Counts a finished call. */
  observe(call: CallRecord): void
  observeLogin(environment: string, login: LoginResult): void
  expose(): Promise<Exposition>
}

/** Records kept until the instruments are there to count them. */
const mostKept = 1000

/**
 * Counts what happens. The library that does it costs 40 ms of start-up, so it is loaded when metrics are first asked
 * for, or when so many calls have been made that they can no longer be kept; none goes uncounted.
 */
export function createMetrics(readings: Readings): Metrics {
  let kept: ((instruments: Instruments) => void)[] = []
  let instruments: Instruments | undefined
  let loading: Promise<Instruments> | undefined

  function load(): Promise<Instruments> {
    loading ??= import('./instruments.js').then(({ createInstruments }) => {
      instruments = createInstruments(readings)
      for (const count of kept) count(instruments)
      kept = []
      return instruments
    })
    return loading
  }

  function keep(count: (instruments: Instruments) => void): void {
    if (kept.push(count) === mostKept) load().catch(() => {})
  }

  return {
    observe(call) {
      if (instruments) instruments.observe(call)
      else keep((instruments) => instruments.observe(call))
    },
    observeLogin(environment, login) {
      if (instruments) instruments.observeLogin(environment, login)
      else keep((instruments) => instruments.observeLogin(environment, login))
    },
    async expose() {
      return (instruments ?? (await load())).expose()
    }
  }
}
