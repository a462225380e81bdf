import { Readable, type Writable } from 'node:stream'
import { handOver, type Seen } from './hand-over.js'

/** The connection an answer comes on. */
export interface Source {
  /** Goes on after a pause. */
  resume(): void
  abort(reason: Error): void
}

/** The body of an answer, for its reader. */
export interface AnswerBody {
  /** All of it, as long as nobody has asked for the stream; undefined while some of it is still to come. */
  whole(): Buffer | undefined
  /**
   * Writes it to the sink as it comes, with backpressure, and leaves that open. Resolves when all of it has been written,
   * rejects when it breaks off. Once only, and nothing else afterwards.
   */
  pour(sink: Writable, seen?: Seen): Promise<void>
  /** It as it comes, with backpressure; always the same stream. */
  stream(): Readable
  /** What was read from the stream goes before what is still to come, or makes up a new one when that is nothing. */
  putBack(start: Buffer): void
}

/** The same for whoever receives it. */
export interface IncomingBody extends AnswerBody {
  /** Another piece has come; after the end there are none. False asks for a pause. */
  push(piece: Buffer): boolean
  /** Only the first time counts. */
  end(): void
  fail(error: unknown): void
  /** All of it has come, though perhaps not all of it has been read. */
  hasEnded(): boolean
}

const highWaterMark = 64 * 1024

/** Who is written to, and who waits until all has been. */
interface Outlet {
  readonly sink: Writable
  readonly seen: Seen | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Most answers are short and come in one piece with their head: they are there before anybody can look. Longer ones are
 * written on piece by piece. A stream costs more than all else done for an answer, so it is made only for those who need
 * one. Functions instead of accessors: with those V8 makes a hidden class per object, outside of the young generation, and
 * each of these keeps its call in memory until the next full collection.
 */
export function createIncomingBody(source: Source): IncomingBody {
  const early: Buffer[] = []
  let earlySize = 0
  let ended = false
  let isPaused = false
  let failure: Error | undefined
  let stream: Readable | undefined
  let outlet: Outlet | undefined

  function openStream(): Readable {
    if (stream) return stream
    stream = new Readable({
      highWaterMark,
      read: goOn,
      destroy(error, done) {
        if (!ended) source.abort(error ?? new Error('the answer is no longer wanted'))
        done(error)
      }
    })
    // The connection may break before anybody reads; who reads later is told all the same.
    stream.on('error', () => {})
    for (const piece of early.splice(0)) stream.push(piece)
    if (failure) stream.destroy(failure)
    else if (ended) stream.push(null)
    return stream
  }

  function goOn(): void {
    if (!isPaused) return
    isPaused = false
    source.resume()
  }

  return {
    push(piece) {
      if (ended) return true
      if (outlet) {
        outlet.seen?.(piece)
        outlet.sink.write(piece)
        isPaused = outlet.sink.writableLength >= highWaterMark
      } else if (stream) isPaused = !stream.push(piece)
      else {
        early.push(piece)
        earlySize += piece.length
        isPaused = earlySize >= highWaterMark
      }
      return !isPaused
    },
    end() {
      if (ended) return
      ended = true
      outlet?.resolve()
      stream?.push(null)
    },
    fail(error) {
      failure ??= error instanceof Error ? error : new Error('the answer broke off')
      outlet?.reject(failure)
      stream?.destroy(failure)
    },
    hasEnded: () => ended,
    whole() {
      if (!ended || stream) return undefined
      return early.length === 1 ? early[0] : Buffer.concat(early)
    },
    pour(sink, seen) {
      if (stream) return handOver(stream, sink, seen)
      return new Promise((resolve, reject) => {
        for (const piece of early.splice(0)) {
          seen?.(piece)
          sink.write(piece)
        }
        if (failure) return reject(failure)
        if (ended) return resolve()
        outlet = { sink, seen, resolve, reject }
        sink.on('drain', goOn)
        if (isPaused && sink.writableLength < highWaterMark) goOn()
      })
    },
    stream: openStream,
    putBack(start) {
      if (stream?.readableEnded) stream = Readable.from(start.length > 0 ? [start] : [])
      else openStream().unshift(start)
    }
  }
}
