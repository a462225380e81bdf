import { createInterface } from 'node:readline/promises'
import type { Process } from './command.js'

const mostBytes = 64 * 1024

/** All of the standard input as a secret: without the line break at its end. Undefined when it is empty or far too long. */
export async function secretFrom({ stdin }: Pick<Process, 'stdin'>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > mostBytes) return undefined
    chunks.push(bytes)
  }
  return (
    Buffer.concat(chunks)
      .toString()
      .replace(/\r?\n$/, '') || undefined
  )
}

/** One line a person types or pastes; empty when the input ends before. */
export async function lineFrom(
  { stdin, stderr }: Pick<Process, 'stdin' | 'stderr'>,
  question: string
): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    return await Promise.race([lines.question(question), ended])
  } finally {
    lines.close()
  }
}
