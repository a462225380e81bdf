import type { OpenedCall } from '../telemetry/recording.js'
import type { CallRecord } from '../telemetry/records.js'
import type { KeptAnswer, KeptBody, KeptCall } from './kept-call.js'
import { withoutCredentials } from './redaction.js'
import { createRing } from './ring.js'

/** The last calls as they passed, in bounded memory: numbers in one table, texts and bodies in a ring of bytes. */
export interface KeptCalls {
  /** @returns the number of the call; it may be gone again at once */
  open(call: OpenedCall, listener: number, replayOf: number | undefined): number
  sent(number: number, piece: Uint8Array): void
  answered(number: number, status: number, statusText: string, headers: readonly string[]): void
  received(number: number, piece: Uint8Array): void
  close(number: number, record: CallRecord): void
  find(number: number): KeptCall | undefined
  /** The numbers of the oldest and the newest call that are kept; none are when the first is the greater. */
  range(): [number, number]
  clear(): void
  /** About. */
  bytes(): number
  /** How many were dropped to make room. */
  dropped(): number
}

export interface Bounds {
  maxCalls: number
  maxBytes: number
  /** The most that is kept of one body. */
  maxBodyBytes: number
}

/** What there is a text of, or bytes. */
const texts = { opened: 0, answered: 1, sent: 2, received: 3, closed: 4 } as const

/** The numbers of one call: a place each in its row of the table. */
const [first, last, openedAt, listenerOf, replayed, bodyLimit, requestLines] = [0, 1, 2, 3, 4, 5, 6] as const
const [sentSize, sentKept, receivedSize, receivedKept, answerStatus, answerLines] = [7, 8, 9, 10, 11, 12] as const
const [isOver, status, queueMs, tokenMs, upstreamMs, totalMs, attempts, ahead] = [
  13, 14, 15, 16, 17, 18, 19, 20
] as const
const rowLength = 21
const rowBytes = rowLength * Float64Array.BYTES_PER_ELEMENT

/** Nothing but credentials is searched for here; see `createShow`, through which everything goes that leaves. */
export function createKeptCalls({ maxCalls, maxBytes, maxBodyBytes }: Bounds): KeptCalls {
  const table = new Float64Array(maxCalls * rowLength)
  const ring = createRing()
  /** By listener. */
  const environments: string[] = []
  let [oldest, newest, droppedCalls] = [1, 0, 0]

  const isKept = (number: number) => number >= oldest && number <= newest
  const rowOf = (number: number) => (number % maxCalls) * rowLength
  const size = () => newest + 1 - oldest
  const bytes = () => ring.bytes() + size() * rowBytes

  function append(row: number, kind: number, piece: string | Uint8Array): void {
    table[row + last] = ring.append(table[row + last] as number, kind, piece)
  }

  /** Drops the oldest until no more than so many are left, and their bytes fit. */
  function makeRoom(calls: number): void {
    while (size() > 0 && (size() > calls || bytes() > maxBytes)) {
      oldest++
      droppedCalls++
      ring.forget(size() > 0 ? (table[rowOf(oldest) + first] as number) : ring.end())
    }
  }

  /** Copies what fits. */
  function add(row: number, kind: number, piece: Uint8Array, passed: number, kept: number): void {
    const room = (table[row + bodyLimit] as number) - (table[row + kept] as number)
    table[row + passed] = (table[row + passed] as number) + piece.byteLength
    if (room <= 0 || piece.byteLength === 0) return
    append(row, kind, piece.byteLength > room ? piece.subarray(0, room) : piece)
    table[row + kept] = (table[row + kept] as number) + Math.min(room, piece.byteLength)
    makeRoom(maxCalls)
  }

  return {
    open({ id, environment, method, target, request }, listener, replayOf) {
      makeRoom(maxCalls - 1)
      const row = rowOf(++newest)
      const { rawHeaders, httpVersion } = request
      environments[listener] = environment
      table.fill(0, row, row + rowLength)
      table[row + first] = ring.end()
      table[row + openedAt] = Date.now()
      table[row + listenerOf] = listener
      table[row + replayed] = replayOf ?? 0
      table[row + bodyLimit] = isLogin(target) ? 0 : maxBodyBytes
      table[row + requestLines] = rawHeaders.length
      append(row, texts.opened, linesOf(`${id}\n${method}\n${target}\n${httpVersion}`, rawHeaders))
      makeRoom(maxCalls)
      return newest
    },
    sent(number, piece) {
      if (isKept(number)) add(rowOf(number), texts.sent, piece, sentSize, sentKept)
    },
    answered(number, code, statusText, headers) {
      if (!isKept(number)) return
      const row = rowOf(number)
      table[row + answerStatus] = code
      table[row + answerLines] = headers.length
      append(row, texts.answered, linesOf(statusText, headers))
      makeRoom(maxCalls)
    },
    received(number, piece) {
      if (isKept(number)) add(rowOf(number), texts.received, piece, receivedSize, receivedKept)
    },
    close(number, record) {
      if (!isKept(number)) return
      const row = rowOf(number)
      table[row + isOver] = 1
      table[row + status] = record.status
      table[row + queueMs] = record.queueMs
      table[row + tokenMs] = record.tokenMs
      table[row + upstreamMs] = record.upstreamMs
      table[row + totalMs] = record.totalMs
      table[row + attempts] = record.attempts
      table[row + ahead] = record.ahead
      const { problem, notes } = record
      if (problem !== undefined || notes.length > 0)
        append(row, texts.closed, Buffer.from(JSON.stringify({ problem, notes })))
      makeRoom(maxCalls)
    },
    find(number) {
      if (!Number.isInteger(number) || !isKept(number)) return undefined
      const row = rowOf(number)
      const of = (place: number) => table[row + place] as number
      const read = (kind: number) => ring.read(of(last), kind)
      const { intro, headers } = headOf(read(texts.opened), 4, of(requestLines))
      const [id = '', method = '', target = '', httpVersion = ''] = intro
      return {
        number,
        id,
        listener: of(listenerOf),
        environment: environments[of(listenerOf)] ?? '',
        at: of(openedAt),
        method,
        target,
        httpVersion,
        replayOf: of(replayed) || undefined,
        headers,
        status: of(answerStatus) || undefined,
        ending: of(isOver) === 0 ? undefined : endingOf(of, read(texts.closed)),
        answer: () => (of(answerStatus) === 0 ? undefined : answerOf(of, read(texts.answered))),
        sent: () => bodyOf(of(sentSize), of(bodyLimit), read(texts.sent)),
        received: () => bodyOf(of(receivedSize), of(bodyLimit), read(texts.received))
      }
    },
    range: () => [oldest, newest],
    clear() {
      oldest = newest + 1
      ring.clear()
    },
    bytes,
    dropped: () => droppedCalls
  }
}

/** One text is made of all lines at once, since it is the number of texts that costs. */
function linesOf(intro: string, headers: readonly string[]): string {
  return `${intro}\n${withoutCredentials(headers).join('\n')}`
}

/** No line of a head can hold the end of one; should it be so all the same, no value may be taken for that of another. */
function headOf(text: Buffer, introLines: number, count: number): { intro: string[]; headers: string[] } {
  const lines = text.toString('latin1').split('\n')
  const intro = lines.slice(0, introLines)
  if (lines.length !== introLines + (count || 1)) return { intro, headers: [] }
  return { intro, headers: lines.slice(introLines, introLines + count) }
}

function answerOf(of: (place: number) => number, text: Buffer): KeptAnswer {
  const { intro, headers } = headOf(text, 1, of(answerLines))
  return { status: of(answerStatus), statusText: intro[0] ?? '', headers }
}

function endingOf(of: (place: number) => number, text: Buffer): KeptCall['ending'] {
  const { problem, notes } = text.length > 0 ? JSON.parse(text.toString()) : { problem: undefined, notes: [] }
  return {
    status: of(status),
    problem,
    notes,
    queueMs: of(queueMs),
    tokenMs: of(tokenMs),
    upstreamMs: of(upstreamMs),
    totalMs: of(totalMs),
    attempts: of(attempts),
    ahead: of(ahead)
  }
}

function bodyOf(size: number, limit: number, bytes: Buffer): KeptBody {
  return { size, bytes, isOfLogin: limit === 0 }
}

/** What is sent to log in, and what comes back, is never kept, however its path is written. */
function isLogin(target: string): boolean {
  // Most targets are neither, and to know that is all the time there is.
  if (!/oauth|%/i.test(target)) return false
  let path = target.split('?', 1)[0] ?? ''
  try {
    path = decodeURIComponent(decodeURIComponent(path))
  } catch {
    // What cannot be decoded is looked at as it is.
  }
  return /oauth/i.test(path) && /token/i.test(path)
}
