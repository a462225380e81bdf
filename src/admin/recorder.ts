import type { OpenedCall, OpenRecording } from '../telemetry/recording.js'
import type { CallRecord } from '../telemetry/records.js'
import { type BodyCollector, collectBody, type KeptBody, noBody } from './kept-body.js'
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

/** A call and, until it is over, its bodies. */
interface Entry {
  readonly call: RecordedCall
  request: BodyCollector | undefined
  response: BodyCollector | undefined
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
  // Calls come and go in the order of their numbers. What comes and goes in a Map is seen to outlive it.
  const ring: (Entry | undefined)[] = []
  const pool = createPool()
  const watchers = new Set<(call: RecordedCall) => void>()
  const replays = new Map<string, number>()
  let [first, last, bytes, dropped, paused] = [1, 0, 0, 0, false]

  function grow(call: RecordedCall, by: number): void {
    if (call.number < first) return
    call.bytes += by
    bytes += by
    makeRoom(maxCalls)
  }

  const size = () => last + 1 - first

  /** Drops the oldest until no more than so many are left, and their bytes fit. */
  function makeRoom(calls: number): void {
    while (size() > 0 && (bytes > maxBytes || size() > calls)) {
      drop()
      dropped++
    }
  }

  function drop(): void {
    const entry = ring[first % maxCalls]
    ring[first % maxCalls] = undefined
    first++
    if (!entry) return
    const { call, request = call.requestBody, response = call.responseBody } = entry
    request.release()
    response.release()
    bytes -= call.bytes
  }

  function tell(call: RecordedCall): void {
    for (const watcher of watchers) watcher(call)
  }

  function begin(opened: OpenedCall, listener: number): Entry {
    const replayOf = replays.get(opened.id)
    replays.delete(opened.id)
    makeRoom(maxCalls - 1)
    const call = openEntry(opened, { number: ++last, listener, replayOf, redact })
    const entry: Entry = { call, request: undefined, response: undefined }
    ring[call.number % maxCalls] = entry
    bytes += call.bytes
    makeRoom(maxCalls)
    tell(call)
    return entry
  }

  return {
    at: (listener) => (opened) => {
      // What somebody has just asked for they want to see.
      if (paused && !replays.has(opened.id)) return undefined
      const limit = isLogin(opened.target) ? 0 : maxBodyBytes
      const entry = begin(opened, listener)
      const { call } = entry
      let taken = 0
      const isKept = () => call.number >= first

      return {
        sent(piece) {
          if (!isKept()) return
          entry.request ??= collectBody(pool, limit)
          entry.request.add(piece)
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
          entry.response ??= collectBody(pool, limit)
          entry.response.add(piece)
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
        taken = (entry.request?.taken() ?? 0) + (entry.response?.taken() ?? 0)
        grow(call, taken - before)
      }

      function settle(): void {
        const { request, response } = entry
        const sent = request?.finish(fieldOf(call.requestHeaders, 'content-encoding'), redact) ?? noBody
        const received = response?.finish(fieldOf(call.answer?.headers ?? [], 'content-encoding'), redact) ?? noBody
        // Most are there at once; what is compressed takes a while.
        if (sent instanceof Promise || received instanceof Promise)
          void Promise.all([sent, received]).then((bodies) => keep(...bodies))
        else keep(sent, received)
      }

      function keep(sent: KeptBody, received: KeptBody): void {
        call.requestBody = sent
        call.responseBody = received
        charge()
        // What stays is made of as little as possible: the garbage collector carries every piece of it about.
        entry.request = entry.response = undefined
        tell(call)
      }
    },

    *calls() {
      for (let number = first; number <= last; number++) {
        const entry = ring[number % maxCalls]
        if (entry) yield entry.call
      }
    },
    find: (number) => (number >= first && number <= last ? ring[number % maxCalls]?.call : undefined),
    clear() {
      while (size() > 0) drop()
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
    stats: () => ({ paused, calls: size(), bytes, maxCalls, maxBytes, dropped })
  }
}

function redactRecord(record: CallRecord, redact: Redact): CallRecord {
  const path = redact(record.path).text
  return path === record.path ? record : { ...record, path }
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
