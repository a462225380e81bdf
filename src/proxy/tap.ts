import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Recording } from '../telemetry/recording.js'

type WriteHead = (status: number, statusText: string, headers: string[]) => ServerResponse

/**
 * Lets a recording see what passes on one call, at its two ends, so that every answer is seen however it was made.
 * Nothing is read ahead of its time, and the bytes go on as they are.
 */
export function tap(request: IncomingMessage, response: ServerResponse, recording: Recording): void {
  const { push } = request
  // Here the parser hands over what has come; a listener for data would set the stream flowing.
  request.push = (piece, encoding) => {
    if (piece !== null) recording.sent(piece)
    return push.call(request, piece, encoding)
  }

  const writeHead = response.writeHead as WriteHead
  const head: WriteHead = (status, statusText, headers) => {
    const written = writeHead.call(response, status, statusText, headers)
    recording.answered(status, statusText, headers)
    return written
  }
  response.writeHead = head as typeof response.writeHead

  for (const method of ['write', 'end'] as const) {
    const original = response[method] as (...facts: unknown[]) => unknown
    const tapped = (...facts: unknown[]) => {
      const [piece] = facts
      if (typeof piece === 'string' || piece instanceof Uint8Array) recording.received(piece)
      return original.apply(response, facts)
    }
    Object.assign(response, { [method]: tapped })
  }
}
