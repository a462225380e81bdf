import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { hidden, type Redact } from './redaction.js'

/** What is kept of a body: uncompressed, without secrets, no longer than the bound. */
export interface KeptBody {
  /** How many bytes passed, in whatever coding. */
  readonly size: number
  readonly bytes: Buffer
  /** There was more. */
  readonly clipped: boolean
  /** How many values were taken out. */
  readonly hidden: number
  /** Why there is less than one would expect. */
  readonly note: string | undefined
}

export const noBody: KeptBody = { size: 0, bytes: Buffer.alloc(0), clipped: false, hidden: 0, note: undefined }

/** Collects one body as it passes. */
export interface BodyCollector {
  /** How much of it is held. */
  readonly kept: number
  /** Copies what fits; tells how many bytes that were. */
  add(piece: Uint8Array | string): number
  finish(coding: string | undefined, redact: Redact): KeptBody | Promise<KeptBody>
}

/** @param limit bytes kept at most; 0 for the body of a login */
export function collectBody(limit: number): BodyCollector {
  const pieces: Buffer[] = []
  let size = 0
  let kept = 0

  return {
    get kept() {
      return kept
    },
    add(piece) {
      const length = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength
      size += length
      const room = Math.min(length, limit - kept)
      if (room <= 0) return 0
      // A copy: the piece may be a window into a buffer many times its size.
      pieces.push(
        typeof piece === 'string' ? Buffer.from(piece).subarray(0, room) : Buffer.from(piece.subarray(0, room))
      )
      kept += room
      return room
    },
    finish(coding, redact) {
      if (size === 0) return noBody
      if (limit === 0) return { ...noBody, size, note: 'not kept: it belongs to a login' }
      const raw = joined(pieces, kept)
      const isShort = size > kept
      if (coding === undefined || /^\s*(?:identity)?\s*$/i.test(coding)) {
        return redacted(raw, { size, clipped: isShort, redact })
      }
      const decode = decoders[coding.trim().toLowerCase()]
      if (!decode) return { ...noBody, size, note: `not kept: it is in the coding ${coding}` }
      return decodeUpTo(limit, decode(), raw).then(({ bytes, more, failed }) => {
        if (failed && bytes.length === 0) return { ...noBody, size, note: 'not kept: it cannot be decompressed' }
        return redacted(bytes, { size, clipped: isShort || more, redact })
      })
    }
  }
}

function redacted(
  raw: Buffer,
  { size, clipped, redact }: { size: number; clipped: boolean; redact: Redact }
): KeptBody {
  const before = raw.toString('latin1')
  const { text, hidden: count } = redact(before, clipped)
  const bytes = text === before ? raw : exactly(text.length)
  if (bytes !== raw) bytes.write(text, 'latin1')
  return { size, bytes, clipped, hidden: count, note: count > 0 ? `${count} shown as ${hidden}` : undefined }
}

/** Memory of its own: a piece of the pool would hold all of its neighbours'. */
const exactly = (length: number) => Buffer.allocUnsafeSlow(length)

function joined(pieces: readonly Buffer[], length: number): Buffer {
  const whole = exactly(length)
  let at = 0
  for (const piece of pieces) at += piece.copy(whole, at)
  return whole
}

// The end may be missing, since only the beginning was kept.
const lenient = { finishFlush: constants.Z_SYNC_FLUSH }
const decoders: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: () => createGunzip(lenient),
  'x-gzip': () => createGunzip(lenient),
  deflate: () => createInflate(lenient),
  br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })
}

/** The beginning of what comes out, however much that would be. */
async function decodeUpTo(limit: number, decoder: NodeJS.ReadWriteStream, raw: Buffer) {
  const pieces: Buffer[] = []
  let length = 0
  let failed = false
  decoder.end(raw)
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      pieces.push(piece)
      length += piece.length
      if (length > limit) break
    }
  } catch {
    failed = true
  }
  return { bytes: joined(pieces, Math.min(length, limit)), more: length > limit, failed }
}
