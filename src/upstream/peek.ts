import { readUpTo } from './read-ahead.js'
import type { Answer } from './send.js'

/** Far above any error body of the API; an answer that is longer is no throttle reply. */
const peekLimit = 16 * 1024

/** The text an answer begins with, read without taking it away: the body can still be handed over whole. */
export async function peek({ body }: Answer): Promise<string> {
  const whole = body.whole()
  if (whole) return whole.toString('latin1', 0, peekLimit)
  const start = Buffer.concat(await readUpTo(peekLimit, body.stream()))
  body.putBack(start)
  return start.toString('latin1', 0, peekLimit)
}

/** Reads an answer nobody will see to its end, so that its connection can be used again; a long one is cut off. */
export function discard({ body }: Answer): void {
  if (body.whole()) return
  const stream = body.stream()
  let size = 0
  stream
    .on('error', () => {})
    .on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > peekLimit) stream.destroy()
    })
}
