import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import { ProxyError } from '../errors.js'

/** A request body on its way out: kept whole when small, the client's stream itself otherwise. */
export interface Body {
  readonly payload: Buffer | Readable | undefined
  /** A stream of which something has been sent is gone; sending it again would send an empty body. */
  readonly replayable: boolean
  /** Gives the memory back; to be called once, when the answer has begun or will never come. */
  release(): void
  /** Reads what is left past us; to be called when it will not be sent any more. */
  abandon(): void
}

export type ReadAhead = (request: IncomingMessage) => Promise<Body>

const replayLimit = 256 * 1024
const nothing: Body = { payload: undefined, replayable: true, release() {}, abandon() {} }

/**
 * Reads small bodies before their call takes a place in the queue, so that a slow upload holds no place and a resend
 * has something to send. Bodies over 256 KiB stream untouched. All bodies kept at one time share `totalBytes`
 * (default 64 MiB); beyond it a small body streams as well.
 */
export function createReadAhead(totalBytes = 64 * 1024 * 1024): ReadAhead {
  let kept = 0

  return async (request) => {
    const { 'content-length': length, 'transfer-encoding': framing } = request.headers
    if (length === '0' || (length === undefined && framing === undefined)) return nothing
    if (Number(length) > replayLimit || kept + replayLimit > totalBytes) return streamed(request)

    kept += replayLimit
    const chunks = await readUpTo(replayLimit, request).catch((cause) => {
      kept -= replayLimit
      throw new ProxyError('client_left', 'The client left while it sent its body.', { cause })
    })
    const payload = Buffer.concat(chunks)
    kept -= replayLimit
    if (!request.readableEnded) {
      request.unshift(payload)
      return streamed(request)
    }
    kept += payload.length
    return {
      payload,
      replayable: true,
      release: () => {
        kept -= payload.length
      },
      abandon() {}
    }
  }
}

/** undici destroys a body it cannot send to its end; that must not take the client's connection, and our answer, with it. */
function streamed(request: IncomingMessage): Body {
  const payload = request.pipe(new PassThrough())
  // Many a client looks for its answer only after its last byte, and its next request comes after that byte too.
  payload.once('close', () => request.resume())
  return {
    payload,
    get replayable() {
      return !payload.readableDidRead && !payload.destroyed
    },
    release() {},
    abandon: () => payload.destroy()
  }
}

/** Resolves at the end of the stream or with more than `limit` bytes; the stream is then paused, not ended. */
export function readUpTo(limit: number, stream: Readable): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (error?: Error | null) => {
      stream.off('data', onData).off('end', finish).off('error', finish).off('close', onClose)
      if (error) reject(error)
      else resolve(chunks)
    }
    const onData = (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size <= limit) return
      stream.pause()
      finish()
    }
    const onClose = () => finish(new Error('the stream closed before its end'))
    stream.on('data', onData).once('end', finish).once('error', finish).once('close', onClose)
  })
}
