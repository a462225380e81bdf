import { Readable } from 'node:stream'
import { readUpTo } from './read-ahead.js'
import type { Answer } from './send.js'

/** Far above any error body of the API; an answer that is longer is no throttle reply. */
const peekLimit = 16 * 1024

/** The first value of a header in a flat list of names and values; names match in any case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const text = headers[i] ?? ''
    if (text.length === name.length && text.toLowerCase() === name) return headers[i + 1]
  }
  return undefined
}

/** The text an answer begins with, read without taking it away: the body can still be handed over whole. */
export async function peek(answer: Answer): Promise<string> {
  if (answer.whole) return answer.whole.toString('latin1', 0, peekLimit)
  const start = Buffer.concat(await readUpTo(peekLimit, answer.body))
  if (answer.body.readableEnded) answer.body = Readable.from(start.length > 0 ? [start] : [])
  else answer.body.unshift(start)
  return start.toString('latin1', 0, peekLimit)
}

/** Reads an answer nobody will see to its end, so that its connection can be used again; a long one is cut off. */
export function discard(answer: Answer): void {
  if (answer.whole) return
  let size = 0
  answer.body
    .on('error', () => {})
    .on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > peekLimit) answer.body.destroy()
    })
}
