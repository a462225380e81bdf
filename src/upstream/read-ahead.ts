import type { Readable } from 'node:stream'
import { ProxyError } from '../errors.js'

export interface ReadOptions {
  /** How long the stream may bring nothing; for ever when not given. */
  silenceMs?: number
  /** Stops as well when all has been read that had come already. */
  onlyWhatCame?: boolean
}

/**
 * Resolves at the end of the stream or with more than `limit` bytes; the stream is then paused, not ended.
 *
 * @throws ProxyError `request_timeout` after too long a silence; Error when the stream breaks off
 */
export function readUpTo(limit: number, stream: Readable, options: ReadOptions = {}): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const { silenceMs, onlyWhatCame = false } = options
    const chunks: Buffer[] = []
    let size = 0
    let turn: NodeJS.Immediate | undefined

    const finish = (error?: Error | null) => {
      clearTimeout(timer)
      clearImmediate(turn)
      stream.off('data', onData).off('end', finish).off('error', finish).off('close', onClose)
      if (error) reject(error)
      else resolve(chunks)
    }
    const stop = () => {
      stream.pause()
      finish()
    }
    const onData = (chunk: Buffer) => {
      timer?.refresh()
      chunks.push(chunk)
      size += chunk.length
      if (size > limit) stop()
    }
    const onClose = () => finish(new Error('the stream closed before its end'))
    // A turn of the event loop reads one piece of every socket: one that brings nothing means that nothing is there.
    const look = (before: number) => {
      turn = setImmediate(() => (size === before ? stop() : look(size)))
    }

    const timer = silenceMs === undefined ? undefined : setTimeout(() => finish(silent(silenceMs)), silenceMs)
    if (stream.destroyed && !stream.readableEnded) return onClose()
    stream.on('data', onData).once('end', finish).once('error', finish).once('close', onClose)
    stream.resume()
    if (onlyWhatCame) look(-1)
  })
}

/** A client that stopped in the middle of its body. */
export function silent(silenceMs: number): ProxyError {
  return new ProxyError('request_timeout', `Nothing more of the body arrived for ${Math.ceil(silenceMs / 1000)} s.`)
}
