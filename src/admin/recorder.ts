import { setImmediate as letOthers } from 'node:timers/promises'
import type { OpenedCall, Recording } from '../telemetry/recording.js'
import type { CallRecord } from '../telemetry/records.js'
import { type Bounds, createKeptCalls } from './kept-calls.js'
import type { Redact } from './redaction.js'
import { createShow, type Glance, type ShownCall } from './shown-call.js'

/** Keeps the last calls, with their headers and bodies, in bounded memory. What it tells of them holds no secrets. */
export interface Recorder {
  /** What a listener is given; `listener` is its place in the configuration. */
  at(listener: number): Recording
  /** From the oldest to the newest. */
  glances(): Glance[]
  glance(number: number): Glance | undefined
  look(number: number): Promise<ShownCall> | undefined
  /** Looks at many, and lets the calls that pass go on meanwhile. Those that are gone by then are left out. */
  lookThrough(numbers: Iterable<number>): AsyncIterable<ShownCall>
  clear(): void
  /** While paused no call is recorded that was not being recorded already. */
  pause(isPaused: boolean): void
  /**
   * The call with this `x-request-id` that comes next repeats an earlier one. Calls back with its number; returns what
   * ends the expectation.
   */
  expectReplay(requestId: string, replayOf: number, arrived: (number: number) => void): () => void
  /** Calls back whenever a call begins or is over. Returns what ends it. */
  watch(onChange: (number: number) => void): () => void
  stats(): RecorderStats
}

export interface RecorderStats {
  paused: boolean
  calls: number
  bytes: number
  maxCalls: number
  maxBytes: number
  /** How many were dropped to make room. */
  dropped: number
}

export interface RecorderOptions extends Bounds {
  redact: Redact
  /** Told of every recorded call that is over; `agent` is what its client calls itself. */
  onClose?: (record: CallRecord, agent: string | undefined) => void
}

/** How long others may be kept waiting by one who looks through many calls. */
const mostMsAtOnce = 10

export function createRecorder(options: RecorderOptions): Recorder {
  const { maxCalls, maxBytes, maxBodyBytes, redact, onClose } = options
  const kept = createKeptCalls(options)
  const show = createShow(redact, maxBodyBytes)
  const watchers = new Set<(number: number) => void>()
  const replays = new Map<string, { replayOf: number; arrived: (number: number) => void }>()
  let paused = false

  function tell(number: number): void {
    if (watchers.size > 0) for (const watcher of watchers) watcher(number)
  }

  function open(call: OpenedCall, listener: number): number {
    const replay = replays.size > 0 ? replays.get(call.id) : undefined
    // What somebody has just asked for they want to see.
    if (paused && !replay) return 0
    const number = kept.open(call, listener, replay?.replayOf)
    if (replay) {
      replays.delete(call.id)
      replay.arrived(number)
    }
    tell(number)
    return number
  }

  function glance(number: number): Glance | undefined {
    const call = kept.find(number)
    return call && show.glance(call)
  }

  function look(number: number): Promise<ShownCall> | undefined {
    const call = kept.find(number)
    return call && show.whole(call)
  }

  return {
    at: (listener) => ({
      open: (call) => open(call, listener),
      sent: kept.sent,
      answered: kept.answered,
      received: (number, piece) => kept.received(number, typeof piece === 'string' ? Buffer.from(piece) : piece),
      close(number, record, agent) {
        kept.close(number, record)
        onClose?.(record, agent)
        tell(number)
      }
    }),
    glances() {
      const [first, last] = kept.range()
      return Array.from({ length: last + 1 - first }, (_, i) => glance(first + i)).filter((call) => call !== undefined)
    },
    glance,
    look,
    async *lookThrough(numbers) {
      let since = performance.now()
      for (const number of numbers) {
        const call = await look(number)
        if (call) yield call
        if (performance.now() - since < mostMsAtOnce) continue
        await letOthers()
        since = performance.now()
      }
    },
    clear: kept.clear,
    pause(isPaused) {
      paused = isPaused
    },
    expectReplay(requestId, replayOf, arrived) {
      replays.set(requestId, { replayOf, arrived })
      return () => replays.delete(requestId)
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => watchers.delete(onChange)
    },
    stats() {
      const [first, last] = kept.range()
      return { paused, calls: last + 1 - first, bytes: kept.bytes(), maxCalls, maxBytes, dropped: kept.dropped() }
    }
  }
}
