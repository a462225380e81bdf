import type { OpenedCall, OpenRecording } from '../telemetry/recording.js'
import type { CallRecord } from '../telemetry/records.js'
import { collectBody, type KeptBody } from './kept-body.js'
import { createPool } from './pool.js'
import { fieldOf, fieldsOf, openEntry, type RecordedCall, sizeOf } from './recorded-call.js'
import type { Redact } from './redaction.js'

/** Keeps the last calls, with their headers and bodies, in bounded memory. */
export interface Recorder {
  /** What a listener is given; `listener` is its place in the configuration. */
  at(listener: number): OpenRecording
  /** From the oldest to the newest. */
  calls(): IterableIterator<RecordedCall>
  find(number: number): RecordedCall | undefined
  clear(): void
  /** While paused no call is recorded that was not being recorded already. */
  pause(isPaused: boolean): void
  /** The call with this `x-request-id` that comes next repeats an earlier one. */
  expectReplay(requestId: string, replayOf: number): void
  /** Calls back whenever a call begins or is over. Returns what ends it. */
  watch(onChange: (call: RecordedCall) => void): () => void
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

export interface RecorderOptions {
  maxCalls: number
  maxBytes: number
  /** The most that is kept of one body. */
  maxBodyBytes: number
  redact: Redact
  /** Told of every recorded call that is over. */
  onClose?: (record: CallRecord, client: string) => void
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { maxCalls, maxBytes, maxBodyBytes, redact, onClose } = options
  const ring = new Map<number, RecordedCall>()
  const pool = createPool()
  const releases = new Map<number, () => void>()
  const watchers = new Set<(call: RecordedCall) => void>()
  const replays = new Map<string, number>()
  let [last, bytes, dropped, paused] = [0, 0, 0, false]

  function grow(call: RecordedCall, by: number): void {
    if (!ring.has(call.number)) return
    call.bytes += by
    bytes += by
    if (bytes > maxBytes || ring.size > maxCalls) evict()
  }

  function evict(): void {
    for (const [number, call] of ring) {
      if (bytes <= maxBytes && ring.size <= maxCalls) return
      forget(number)
      bytes -= call.bytes
      dropped++
    }
  }

  function forget(number: number): void {
    ring.delete(number)
    releases.get(number)?.()
    releases.delete(number)
  }

  function tell(call: RecordedCall): void {
    for (const watcher of watchers) watcher(call)
  }

  function begin(opened: OpenedCall, listener: number): RecordedCall {
    const replayOf = replays.get(opened.id)
    replays.delete(opened.id)
    const call = openEntry(opened, { number: ++last, listener, replayOf, redact })
    ring.set(call.number, call)
    bytes += call.bytes
    evict()
    tell(call)
    return call
  }

  return {
    at: (listener) => (opened) => {
      // What somebody has just asked for they want to see.
      if (paused && !replays.has(opened.id)) return undefined
      const call = begin(opened, listener)
      const request = collectBody(pool, isLogin(opened.target) ? 0 : maxBodyBytes)
      const response = collectBody(pool, isLogin(opened.target) ? 0 : maxBodyBytes)
      const isKept = () => ring.has(call.number)
      let taken = 0
      releases.set(call.number, () => {
        request.release()
        response.release()
      })

      return {
        sent(piece) {
          if (!isKept()) return
          request.add(piece)
          charge()
        },
        answered(status, statusText, headers) {
          if (!isKept()) return
          const fields = fieldsOf(headers, redact)
          call.answer = { status, statusText, headers: fields }
          grow(call, sizeOf(fields))
        },
        received(piece) {
          if (!isKept()) return
          response.add(piece)
          charge()
        },
        close(record) {
          call.record = redactRecord(record, redact)
          onClose?.(call.record, call.opened.client)
          if (isKept()) settle()
        }
      }

      function charge(): void {
        const before = taken
        taken = request.taken + response.taken
        grow(call, taken - before)
      }

      function settle(): void {
        const sent = request.finish(fieldOf(call.requestHeaders, 'content-encoding'), redact)
        const received = response.finish(fieldOf(call.answer?.headers ?? [], 'content-encoding'), redact)
        // Most are there at once; what is compressed takes a while.
        if (sent instanceof Promise || received instanceof Promise)
          void Promise.all([sent, received]).then((bodies) => keep(...bodies))
        else keep(sent, received)
      }

      function keep(sent: KeptBody, received: KeptBody): void {
        call.requestBody = sent
        call.responseBody = received
        charge()
        tell(call)
      }
    },

    calls: () => ring.values(),
    find: (number) => ring.get(number),
    clear() {
      for (const number of ring.keys()) forget(number)
      bytes = 0
    },
    pause(isPaused) {
      paused = isPaused
    },
    expectReplay(requestId, replayOf) {
      replays.set(requestId, replayOf)
    },
    watch(onChange) {
      watchers.add(onChange)
      return () => watchers.delete(onChange)
    },
    stats: () => ({ paused, calls: ring.size, bytes, maxCalls, maxBytes, dropped })
  }
}

function redactRecord(record: CallRecord, redact: Redact): CallRecord {
  return { ...record, path: redact(record.path).text }
}

/** What is sent to log in, and what comes back, is never kept, however its path is written. */
function isLogin(target: string): boolean {
  let path = target.split('?', 1)[0] ?? ''
  if (!path.includes('%')) return /oauth/i.test(path) && /token/i.test(path)
  try {
    path = decodeURIComponent(decodeURIComponent(path))
  } catch {
    // What cannot be decoded is looked at as it is.
  }
  return /oauth/i.test(path) && /token/i.test(path)
}
