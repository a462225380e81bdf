import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { KeptBody } from './kept-call.js'
import { hidden, type Redact } from './redaction.js'

/** What may be seen of a body: uncompressed, without secrets, no longer than the bound. */
export interface ShownBody {
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

const nothing = Buffer.alloc(0)

export const noBody: ShownBody = { size: 0, bytes: nothing, clipped: false, hidden: 0, note: undefined }

/**
 * @param coding what its head says in Content-Encoding
 * @param limit bytes that are shown at most
 */
export async function showBody(
  { size, bytes, isOfLogin }: KeptBody,
  coding: string | undefined,
  limit: number,
  redact: Redact
): Promise<ShownBody> {
  const isShort = size > bytes.length
  if (size === 0) return noBody
  if (isOfLogin) return { ...noBody, size, note: 'not kept: it belongs to a login' }
  if (coding === undefined || /^\s*(?:identity)?\s*$/i.test(coding)) return redacted(bytes, isShort)
  const decode = decoders[coding.trim().toLowerCase()]
  if (!decode) return { ...noBody, size, note: `not kept: it is in the coding ${coding}` }
  const { bytes: decoded, more, failed } = await decodeUpTo(limit, decode(), bytes)
  if (failed && decoded.length === 0) return { ...noBody, size, note: 'not kept: it cannot be decompressed' }
  return redacted(decoded, isShort || more)

  function redacted(whole: Buffer, clipped: boolean): ShownBody {
    const { text, hidden: count } = redact(whole.toString('latin1'), clipped)
    const note = count > 0 ? `${count} shown as ${hidden}` : undefined
    return { size, bytes: Buffer.from(text, 'latin1'), clipped, hidden: count, note }
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
