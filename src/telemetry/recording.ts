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
  /** `client`: who shares its turns. */
  readonly ticket: { readonly client: string }
}

/** Is told of one call what passes. Nothing it is given may be changed or kept: the bytes belong to somebody else. */
export interface Recording {
  /** A piece of the request's body has come. */
  sent(piece: Uint8Array): void
  /** The head of the answer, in one flat list of names and values. */
  answered(status: number, statusText: string, headers: readonly string[]): void
  /** A piece of the answer's body goes out. */
  received(piece: Uint8Array | string): void
  /** The call is over. */
  close(record: CallRecord): void
}

/** Asked once per call; undefined when this one is not recorded. */
export type OpenRecording = (call: OpenedCall) => Recording | undefined
