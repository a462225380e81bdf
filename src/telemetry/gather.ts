import type { CallObserver, CallRecord } from './records.js'

/** Hands records on, several at a time. */
export interface Gathering {
  observe: CallObserver
  /** Hands on what is kept; to be called before anybody is told what was observed, and when the process ends. */
  flush(): void
}

/** How long a record may be kept. */
const everyMs = 100
/** Too few to grow old: V8 would then make all records where only full collections reach. */
const most = 20

/**
 * Hands a record on at once when it is the only one for a while, and records that follow each other closely together.
 * What an observer does for one call among everything else that is done for it takes several times as long as what it
 * does for twenty in a row: its code and data have to be fetched into the processor's caches anew each time.
 */
export function gather(observers: readonly CallObserver[]): Gathering {
  let kept: CallRecord[] = []
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    const records = kept
    kept = []
    for (const observe of observers) for (const record of records) observe(record)
  }

  function pause(): void {
    timer = setTimeout(() => {
      timer = undefined
      if (kept.length > 0) pause()
      flush()
    }, everyMs).unref()
  }

  return {
    flush,
    observe(record) {
      kept.push(record)
      if (timer !== undefined && kept.length < most) return
      flush()
      if (timer === undefined) pause()
    }
  }
}
