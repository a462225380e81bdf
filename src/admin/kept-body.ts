import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Pool } from './pool.js'
import { hidden, type Redact } from './redaction.js'

/** What is kept of a body: uncompressed, without secrets, no longer than the bound. */
export interface KeptBody {
  /** How many bytes passed, in whatever coding. */
  readonly size: number
  /** A copy of what is kept. */
  copy(): Buffer
  /** Gives its memory back: nothing is left to copy. */
  release(): void
  /** There was more. */
  readonly clipped: boolean
  /** How many values were taken out. */
  readonly hidden: number
  /** Why there is less than one would expect. */
  readonly note: string | undefined
}

const nothing = Buffer.alloc(0)

export const noBody: KeptBody = {
  size: 0,
  copy: () => nothing,
  release() {},
  clipped: false,
  hidden: 0,
  note: undefined
}

/** Collects one body as it passes. */
export interface BodyCollector {
  /** How much memory it takes. */
  taken(): number
  /** Copies what fits. */
  add(piece: Uint8Array | string): void
  /** Nothing is added afterwards. */
  finish(coding: string | undefined, redact: Redact): KeptBody | Promise<KeptBody>
  /** Nobody wants to see it any more. */
  release(): void
}

/** @param limit bytes kept at most; 0 for the body of a login */
export function collectBody(pool: Pool, limit: number): BodyCollector {
  const held = pool.hold()
  let size = 0

  function keepRedacted(clipped: boolean, redact: Redact): KeptBody {
    const before = held.latin1()
    const { text, hidden: count } = redact(before, clipped)
    if (text !== before) replaceWith(Buffer.from(text, 'latin1'))
    return {
      size,
      copy: held.copy,
      release: held.release,
      clipped,
      hidden: count,
      note: count > 0 ? `${count} shown as ${hidden}` : undefined
    }
  }

  function replaceWith(bytes: Buffer): void {
    held.clear()
    held.append(bytes)
  }

  return {
    taken: held.taken,
    add(piece) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      size += bytes.byteLength
      if (held.length() < limit) held.append(bytes.subarray(0, limit - held.length()))
    },
    finish(coding, redact) {
      if (size === 0) return noBody
      if (limit === 0) return { ...noBody, size, note: 'not kept: it belongs to a login' }
      const isShort = size > held.length()
      if (coding === undefined || /^\s*(?:identity)?\s*$/i.test(coding)) return keepRedacted(isShort, redact)
      const raw = held.copy()
      held.clear()
      const decode = decoders[coding.trim().toLowerCase()]
      if (!decode) return { ...noBody, size, note: `not kept: it is in the coding ${coding}` }
      return decodeUpTo(limit, decode(), raw).then(({ bytes, more, failed }) => {
        if (failed && bytes.length === 0) return { ...noBody, size, note: 'not kept: it cannot be decompressed' }
        held.append(bytes)
        return keepRedacted(isShort || more, redact)
      })
    },
    release: held.release
  }
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
  return { bytes: Buffer.concat(pieces, Math.min(length, limit)), more: length > limit, failed }
}
