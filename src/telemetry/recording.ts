import type { IncomingMessage } from 'node:http'
import type { CallRecord } from './records.js'

/** One call at the moment its request has arrived. */
export interface OpenedCall {
  /** The client's own `x-request-id` where it sent one: not unique. */
  readonly id: string
  readonly environment: string
  readonly method: string
  /** Path and query as they were sent. */
  readonly target: string
  readonly request: Pick<IncomingMessage, 'rawHeaders' | 'httpVersion'>
}

/**
 * Is told what passes on the calls of one listener, each by the number it was opened with, so that nothing need be made for
 * a call but that number. Nothing it is given may be changed or kept: the bytes belong to somebody else.
 */
export interface Recording {
  /** @returns the number of the call, from 1; 0 when this one is not recorded, and then nothing more is told of it */
  open(call: OpenedCall): number
  /** A piece of the request's body has come. */
  sent(number: number, piece: Uint8Array): void
  /** The head of the answer, in one flat list of names and values. */
  answered(number: number, status: number, statusText: string, headers: readonly string[]): void
  /** A piece of the answer's body goes out. */
  received(number: number, piece: Uint8Array | string): void
  /** The call is over. `agent`: what its client calls itself. */
  close(number: number, record: CallRecord, agent: string | undefined): void
}
