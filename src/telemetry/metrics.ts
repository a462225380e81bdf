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

/**
 * Calls kept until the instruments are there to count them. Few: V8 takes note of what is kept long, and would make all
 * later records where only full collections reach.
 */
const mostKept = 50

/**
 * Counts what happens. The library that does it costs 40 ms of start-up, so it is loaded when metrics are first asked
 * for, or when so many calls have been made that they can no longer be kept; none goes uncounted.
 */
export function createMetrics(readings: Readings): Metrics {
  const calls: CallRecord[] = []
  const logins: [environment: string, login: LoginResult][] = []
  let instruments: Instruments | undefined
  let loading: Promise<Instruments> | undefined

  function load(): Promise<Instruments> {
    loading ??= import('./instruments.js').then(({ createInstruments }) => {
      instruments = createInstruments(readings)
      return instruments
    })
    return loading
  }

  function count(counters: Instruments): void {
    for (const call of calls.splice(0)) counters.observe(call)
    for (const login of logins.splice(0)) counters.observeLogin(...login)
  }

  function loadInTime(): void {
    if (calls.length + logins.length === mostKept) load().then(count, () => {})
  }

  return {
    observe(call) {
      if (instruments) return instruments.observe(call)
      calls.push(call)
      loadInTime()
    },
    observeLogin(...login) {
      if (instruments) return instruments.observeLogin(...login)
      logins.push(login)
      loadInTime()
    },
    async expose() {
      const counters = await load()
      count(counters)
      return counters.expose()
    }
  }
}
