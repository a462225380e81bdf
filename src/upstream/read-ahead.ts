import type { Readable } from 'node:stream'
import { ProxyError } from '../errors.js'

export interface ReadOptions {
  /** How long the stream may bring nothing; for ever when not given. */
  silenceMs?: number
  /** A silence ends the reading and is no failure: all has been read that had come. */
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

    const finish = (error?: Error | null) => {
      clearTimeout(timer)
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
    const onSilence = (ms: number) => (onlyWhatCame ? stop() : finish(silent(ms)))

    const timer = silenceMs === undefined ? undefined : setTimeout(onSilence, silenceMs, silenceMs)
    if (stream.destroyed && !stream.readableEnded) return onClose()
    stream.on('data', onData).once('end', finish).once('error', finish).once('close', onClose)
    stream.resume()
  })
}

/** A client that stopped in the middle of its body. */
export function silent(silenceMs: number): ProxyError {
  return new ProxyError('request_timeout', `Nothing more of the body arrived for ${Math.ceil(silenceMs / 1000)} s.`)
}
