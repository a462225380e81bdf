import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** No head of an interim answer is as long; whatever is longer goes to the parser as it is. */
const longestHead = 16 * 1024

/**
 * Makes connections get over a `100 Continue` nobody asked for, as a client must (RFC 9110 §15.2). undici takes it for
 * a broken answer and closes the connection, so that a call that was carried out looks lost. It tells of every request
 * it is about to send, and on which socket: the next bytes from there begin an answer.
 */
export function tolerateContinue(): void {
  // Once only, however many agents there are.
  if (isTolerated) return
  isTolerated = true
  subscribe('undici:client:sendHeaders', (message) => skipContinue((message as { socket: Socket }).socket))
}

let isTolerated = false

const isAwaited = Symbol('what is read next begins an answer')

type Reader = Pick<Socket, 'read'> & { [isAwaited]?: boolean }

/** Takes interim 100s away from what is read next, until an answer of another status begins. */
export function skipContinue(socket: Reader): void {
  // Connections are kept for many answers: a function for each of them would be one more thing to make and to forget.
  if (socket[isAwaited] === undefined) filterReads(socket)
  socket[isAwaited] = true
}

function filterReads(socket: Reader): void {
  const { read } = socket
  let held: Buffer | undefined

  socket.read = (size) => {
    const chunk: Buffer | null = read.call(socket, size)
    if (chunk === null || !socket[isAwaited]) return chunk
    if (held !== undefined || mayBeInterim(chunk)) {
      const bytes: Buffer = held === undefined ? chunk : Buffer.concat([held, chunk])
      const rest = withoutContinue(bytes)
      held = rest === undefined && bytes.length < longestHead ? bytes : undefined
      if (held) return null
      socket[isAwaited] = false
      return rest ?? bytes
    }
    socket[isAwaited] = false
    return chunk
  }
}

/** Nearly every answer is told from an interim one by the first digit of its status. */
function mayBeInterim(bytes: Buffer): boolean {
  return bytes.length < 13 || bytes[9] === 0x31
}

/** What comes after any 100s; undefined while that cannot be told yet. */
function withoutContinue(bytes: Buffer): Buffer | undefined {
  const start = bytes.toString('latin1', 0, longestHead)
  const interim = /^(?:HTTP\/1\.[01] 100[ \r][\s\S]*?\r\n\r\n)+/.exec(start)?.[0].length ?? 0
  const rest = start.slice(interim)
  return /^HTTP\/1\.[01] 100[ \r]/.test(rest) || isCut(rest) ? undefined : bytes.subarray(interim)
}

/** Might this become the first line of a 100 once more has come? */
function isCut(text: string): boolean {
  return text.length < 13 && ['HTTP/1.1 100 ', 'HTTP/1.0 100 '].some((line) => line.startsWith(text))
}
