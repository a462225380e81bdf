import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'

/** The body of an answer while it comes in. */
export interface AnswerBody {
  /** Another piece has come; after the end there are none. */
  push(piece: Buffer): void
  /** Only the first time counts. */
  end(): void
  fail(error: unknown): void
  /** All of it has come, though perhaps not all of it has been read. */
  readonly hasEnded: boolean
  /** All of it, as long as nobody has asked for the stream; undefined while some of it is still to come. */
  readonly whole: Buffer | undefined
  /** It as it comes, with backpressure. */
  readonly stream: Readable
}

const highWaterMark = 64 * 1024

/**
 * Most answers are short and come in one piece with their head: they are there before anybody can look, and a stream,
 * which costs more than all else done for such an answer, is made only for those who need one.
 */
export function createAnswerBody(controller: Dispatcher.DispatchController): AnswerBody {
  const early: Buffer[] = []
  let earlySize = 0
  let hasEnded = false
  let failure: Error | undefined
  let stream: Readable | undefined

  function openStream(): Readable {
    const opened = new Readable({
      highWaterMark,
      read() {
        controller.resume()
      },
      destroy(error, done) {
        if (!hasEnded) controller.abort(error ?? new Error('the answer is no longer wanted'))
        done(error)
      }
    })
    // The connection may break before anybody reads; who reads later is told all the same.
    opened.on('error', () => {})
    for (const piece of early.splice(0)) opened.push(piece)
    if (failure) opened.destroy(failure)
    else if (hasEnded) opened.push(null)
    return opened
  }

  return {
    push(piece) {
      if (hasEnded) return
      if (stream) {
        if (!stream.push(piece)) controller.pause()
        return
      }
      early.push(piece)
      earlySize += piece.length
      if (earlySize >= highWaterMark) controller.pause()
    },
    end() {
      if (hasEnded) return
      hasEnded = true
      stream?.push(null)
    },
    fail(error) {
      failure ??= error instanceof Error ? error : new Error('the answer broke off')
      stream?.destroy(failure)
    },
    get hasEnded() {
      return hasEnded
    },
    get whole() {
      if (!hasEnded || stream) return undefined
      return early.length === 1 ? early[0] : Buffer.concat(early)
    },
    get stream() {
      stream ??= openStream()
      return stream
    }
  }
}
