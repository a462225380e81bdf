import { Readable } from 'node:stream'

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

/**
 * Most answers are short and come in one piece with their head: they are there before anybody can look, and a stream,
 * which costs more than all else done for such an answer, is made only for those who need one. Functions instead of
 * accessors: with those V8 makes a hidden class per object, outside of the young generation, and each of these keeps its
 * call in memory until the next full collection.
 */
export function createIncomingBody(source: Source): IncomingBody {
  const early: Buffer[] = []
  let earlySize = 0
  let ended = false
  let isPaused = false
  let failure: Error | undefined
  let stream: Readable | undefined

  function openStream(): Readable {
    if (stream) return stream
    stream = new Readable({
      highWaterMark,
      read() {
        if (!isPaused) return
        isPaused = false
        source.resume()
      },
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

  return {
    push(piece) {
      if (ended) return true
      if (stream) isPaused = !stream.push(piece)
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
      stream?.push(null)
    },
    fail(error) {
      failure ??= error instanceof Error ? error : new Error('the answer broke off')
      stream?.destroy(failure)
    },
    hasEnded: () => ended,
    whole() {
      if (!ended || stream) return undefined
      return early.length === 1 ? early[0] : Buffer.concat(early)
    },
    stream: openStream,
    putBack(start) {
      if (stream?.readableEnded) stream = Readable.from(start.length > 0 ? [start] : [])
      else openStream().unshift(start)
    }
  }
}
