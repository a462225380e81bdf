import type { OpenedCall } from '../telemetry/recording.js'
import type { CallRecord } from '../telemetry/records.js'
import { type KeptBody, noBody } from './kept-body.js'
import { type Redact, redactHeader } from './redaction.js'

export interface Field {
  name: string
  value: string
}

/** One call as the recorder has it: everything in it has been redacted. */
export interface RecordedCall {
  /** Counts up from 1 at each start of the proxy. */
  readonly number: number
  readonly opened: OpenedAs
  readonly requestHeaders: readonly Field[]
  requestBody: KeptBody
  answer: { status: number; statusText: string; headers: readonly Field[] } | undefined
  responseBody: KeptBody
  /** Set when the call is over. */
  record: CallRecord | undefined
  /** What it takes in memory, about. */
  bytes: number
}

export interface OpenedAs {
  /** `x-request-id`. */
  readonly requestId: string
  /** The place of its listener in the configuration, from 0. */
  readonly listener: number
  readonly environment: string
  /** What the client calls itself. */
  readonly client: string
  /** ms since 1970. */
  readonly at: number
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** The number of the call that this one repeats. */
  readonly replayOf: number | undefined
}

/** What an entry takes besides its texts and bodies: a guess, on the safe side. */
const overhead = 1024

/** The entry of a call that has just begun. */
export function openEntry(
  call: OpenedCall,
  facts: Pick<OpenedAs, 'listener' | 'replayOf'> & { number: number; redact: Redact }
): RecordedCall {
  const { id, environment, method, target, request } = call
  const { number, listener, replayOf, redact } = facts
  const requestHeaders = fieldsOf(request.rawHeaders, redact)
  const agent = requestHeaders.find(({ name }) => name.toLowerCase() === 'user-agent')?.value
  return {
    number,
    opened: {
      requestId: id,
      listener,
      environment,
      client: clientName(agent),
      at: Date.now(),
      method,
      target: redact(target).text,
      httpVersion: request.httpVersion,
      replayOf
    },
    requestHeaders,
    requestBody: noBody,
    answer: undefined,
    responseBody: noBody,
    record: undefined,
    bytes: overhead + sizeOf(requestHeaders) + target.length
  }
}

/** A flat list of names and values, redacted. */
export function fieldsOf(raw: readonly string[], redact: Redact): Field[] {
  const fields: Field[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    fields.push({ name, value: redactHeader(name, raw[i + 1] ?? '', redact) })
  }
  return fields
}

export function sizeOf(fields: readonly Field[]): number {
  return fields.reduce((sum, { name, value }) => sum + name.length + value.length + 64, 0)
}

/** The first value of a header; names match in any case. */
export function fieldOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find((field) => field.name.toLowerCase() === name)?.value
}

/** `curl/8.5.0` is curl to a person; a browser's long story is its last word. */
function clientName(agent: string | undefined): string {
  if (!agent) return 'unnamed'
  const browser = /(Edg|Firefox|Chrome|Safari)\/\d+/.exec(agent)
  if (agent.startsWith('Mozilla/') && browser) return browser[1] === 'Edg' ? 'Edge' : (browser[1] ?? 'browser')
  return agent.split(/[/\s(]/, 1)[0]?.slice(0, 40) || 'unnamed'
}
