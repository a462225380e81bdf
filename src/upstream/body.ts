import type { IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { ProxyError } from '../errors.js'
import { type ReadOptions, readUpTo, silent } from './read-ahead.js'

/** A request body on its way out: kept whole when small, the client's stream itself otherwise. */
export interface Body {
  /** What to send. */
  open(): Buffer | Readable | undefined
  /** A stream of which something has been sent is gone; sending it again would send an empty body. */
  isReplayable(): boolean
  /**
   * To be called after a wait, before a place is spent: reads what the client's machine has handed over meanwhile.
   * Nobody sees a connection end that is not read, so this is how an upload is found out that nobody sends any more.
   *
   * @throws ProxyError `client_left`
   */
  catchUp(): Promise<void>
  /** Gives the memory back; to be called once, when the answer has begun or will never come. */
  release(): void
  /** Reads what is left past us; to be called when it will not be sent any more. */
  abandon(): void
}

/** @throws ProxyError `client_left`, `request_timeout` */
export type ReadAhead = (request: IncomingMessage) => Promise<Body>

/** The body of a request that has none: nobody need read ahead for it. */
export const noBody: Body = {
  open: () => undefined,
  isReplayable: () => true,
  catchUp: async () => {},
  release() {},
  abandon() {}
}

/** Does a request announce a body (RFC 9112 §6)? */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': framing } = headers
  return framing !== undefined || (length !== undefined && length !== '0')
}

export interface BodyOptions {
  /** How long a client may send nothing in the middle of its body. Time in which nobody reads does not count. */
  silenceMs: number
  /** What all bodies kept at one time may hold together, in bytes; default 64 MiB. */
  totalBytes?: number
}

const replayLimit = 256 * 1024
/** What Linux keeps of an upload that nobody reads: 4 MiB on the sender's side and the window of the receiver. */
const catchUpLimit = 5 * 1024 * 1024
/** What is on this machine already comes within this time. */
const settledMs = 20

/**
 * Reads small bodies before their call takes a place in the queue, so that a slow upload holds no place and a resend
 * has something to send. Bodies over 256 KiB, and small ones while the memory for them is taken, stream: all but
 * their first piece stays with the client until they depart.
 */
export function createReadAhead({ silenceMs, totalBytes = 64 * 1024 * 1024 }: BodyOptions): ReadAhead {
  let kept = 0

  return async (request) => {
    if (!hasBody(request)) return noBody
    // A body of unknown length may turn out to be as long as what is kept at most.
    const wanted = Number(request.headers['content-length'] ?? replayLimit)
    let share = wanted <= replayLimit && kept + wanted <= totalBytes ? wanted : 0
    let payload: Buffer | undefined
    let stream: Readable | undefined
    kept += share
    // Of a long one the first piece: what is only announced must not take a place.
    await read(share > 0 ? replayLimit : 0, { silenceMs })

    /** Reads up to so many bytes and puts them back unless they are all. */
    async function read(limit: number, options: ReadOptions): Promise<void> {
      const chunks = await readUpTo(limit, request, options).catch((error) => {
        give(share)
        throw error instanceof ProxyError ? error : clientLeft(error)
      })
      const bytes = Buffer.concat(chunks)
      if (request.readableEnded) {
        payload = bytes
        give(share - bytes.length)
      } else if (bytes.length > 0) request.unshift(bytes)
    }

    function give(bytes: number): void {
      kept -= bytes
      share -= bytes
    }

    return {
      open() {
        if (!payload) stream ??= streamOf(request, silenceMs)
        return payload ?? stream
      },
      isReplayable: () => stream === undefined || (!stream.readableDidRead && !stream.destroyed),
      async catchUp() {
        if (payload || stream || kept + catchUpLimit > totalBytes) return
        kept += catchUpLimit
        share += catchUpLimit
        await read(catchUpLimit, { silenceMs: settledMs, onlyWhatCame: true })
      },
      release: () => give(share),
      abandon() {
        if (stream) stream.destroy()
        else if (!payload) request.resume()
      }
    }
  }
}

/** undici destroys a body it cannot send to its end; that must not take the client's connection, and our answer, with it. */
function streamOf(request: IncomingMessage, silenceMs: number): Readable {
  const body = new Transform({
    transform(piece, _encoding, done) {
      timer.refresh()
      done(null, piece)
    }
  })
  const timer = setTimeout(() => {
    // Full to the brim: it is the other side that does not read.
    if (body.writableNeedDrain) timer.refresh()
    else body.destroy(silent(silenceMs))
  }, silenceMs)
  request.pipe(body).on('drain', () => timer.refresh())
  // Listens after the pipe, whose own last act is to stop reading.
  body.once('close', () => {
    clearTimeout(timer)
    // Many a client looks for its answer only after its last byte, and its next request comes after that byte too.
    request.resume()
  })
  return body
}

function clientLeft(cause: unknown): ProxyError {
  return new ProxyError('client_left', 'The client left while it sent its body.', { cause })
}
