import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Recording } from '../telemetry/recording.js'
import type { AnswerBody } from '../upstream/answer-body.js'
import { hasBody } from '../upstream/body.js'
import { handOver, type Seen } from '../upstream/hand-over.js'
import type { Call } from './call.js'

/*
 * Whatever is written to a client is written here, so that a recording sees every answer however it was made. Methods of
 * its own on every response would do the same, and make all that Node does with responses slower.
 */

type Answered = Pick<Call, 'response' | 'recording' | 'recorded'>

/** @param headers flat list of names and values */
export function writeHead(call: Answered, status: number, statusText: string, headers: string[]): void {
  call.response.writeHead(status, statusText, headers)
  call.recording?.answered(call.recorded, status, statusText, headers)
}

/** Ends the answer, with all of its body or with none. */
export function endWith({ response, recording, recorded }: Answered, body: Uint8Array | string | undefined): void {
  if (body !== undefined) recording?.received(recorded, body)
  response.end(body)
}

/** Writes a body as it comes; the answer stays open. */
export function pourInto(call: Answered, body: AnswerBody): Promise<void> {
  return body.pour(call.response, seenBy(call))
}

/** The same of a stream. */
export function pipeTo(call: Answered, body: Readable): Promise<void> {
  return handOver(body, call.response, seenBy(call))
}

function seenBy({ recording, recorded }: Answered): Seen | undefined {
  return recording && ((piece) => recording.received(recorded, piece))
}

/** Lets the recording see the body of a request. Nothing is read ahead of its time, and the bytes go on as they are. */
export function tapRequest(request: IncomingMessage, recording: Recording, recorded: number): void {
  if (!hasBody(request)) return
  const { push } = request
  // Here the parser hands over what has come; a listener for data would set the stream flowing.
  request.push = (piece, encoding) => {
    if (piece !== null) recording.sent(recorded, piece)
    return push.call(request, piece, encoding)
  }
}
