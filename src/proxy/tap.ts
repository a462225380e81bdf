import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Recording } from '../telemetry/recording.js'
import { hasBody } from '../upstream/body.js'
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

/** Hands the body over as it comes. */
export function pipeTo({ response, recording, recorded }: Answered, body: Readable): void {
  // Together with the pipe: a stream gives what it has to all who listen when it begins to flow.
  if (recording) body.on('data', (piece: Uint8Array | string) => recording.received(recorded, piece))
  body.pipe(response)
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
