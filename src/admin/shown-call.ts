import { headerOf } from '../header-list.js'
import type { Ending, KeptBody, KeptCall } from './kept-call.js'
import { type Redact, redactHeader } from './redaction.js'
import { noBody, type ShownBody, showBody } from './shown-body.js'

export interface Field {
  name: string
  value: string
}

/** One call at a glance. */
export interface Glance {
  /** Counts up from 1 at each start of the proxy. */
  readonly number: number
  readonly opened: OpenedAs
  /** What the answer says, once it has begun. */
  readonly status: number | undefined
  /** Set when the call is over. */
  readonly ending: Ending | undefined
}

/** All of it. Bodies are there when the call is over. */
export interface ShownCall extends Glance {
  readonly requestHeaders: readonly Field[]
  readonly requestBody: ShownBody
  readonly answer: { status: number; statusText: string; headers: readonly Field[] } | undefined
  readonly responseBody: ShownBody
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

export interface Show {
  glance(call: KeptCall): Glance
  /** Takes its copy of the call at once, and time for compressed bodies. */
  whole(call: KeptCall): Promise<ShownCall>
}

/**
 * The one way from what is kept to what anybody sees: without secrets, as far as they are known when somebody looks.
 *
 * @param maxBodyBytes what is shown of one body at most
 */
export function createShow(redact: Redact, maxBodyBytes: number): Show {
  const shown = (text: string) => redact(text).text

  function glance({ number, id, headers, status, ending, ...call }: KeptCall): Glance {
    const { listener, environment, at, method, target, httpVersion, replayOf } = call
    const opened = {
      requestId: id,
      listener,
      environment,
      client: clientName(shown(headerOf(headers, 'user-agent') ?? '')),
      at,
      method,
      target: shown(target),
      httpVersion,
      replayOf
    }
    return { number, opened, status, ending }
  }

  /** A flat list of names and values. */
  function fieldsOf(raw: readonly string[]): Field[] {
    const fields: Field[] = []
    for (let i = 0; i < raw.length; i += 2) {
      const [name = '', value = ''] = [raw[i], raw[i + 1]]
      fields.push({ name, value: redactHeader(name, value, redact) })
    }
    return fields
  }

  const bodyOf = (body: KeptBody, headers: readonly string[]) =>
    showBody(body, headerOf(headers, 'content-encoding'), maxBodyBytes, redact)

  return {
    glance,
    async whole(call) {
      const isOver = call.ending !== undefined
      const answer = call.answer()
      const [requestBody, responseBody] = await Promise.all([
        isOver ? bodyOf(call.sent(), call.headers) : noBody,
        isOver ? bodyOf(call.received(), answer?.headers ?? []) : noBody
      ])
      return {
        ...glance(call),
        requestHeaders: fieldsOf(call.headers),
        requestBody,
        answer: answer && {
          status: answer.status,
          statusText: shown(answer.statusText),
          headers: fieldsOf(answer.headers)
        },
        responseBody
      }
    }
  }
}

/** The first value of a header; names match in any case. */
export function fieldOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find((field) => field.name.toLowerCase() === name)?.value
}

/** `curl/8.5.0` is curl to a person; a browser's long story is its last word. */
export function clientName(agent: string): string {
  if (!agent) return 'unnamed'
  const browser = /(Edg|Firefox|Chrome|Safari)\/\d+/.exec(agent)
  if (agent.startsWith('Mozilla/') && browser) return browser[1] === 'Edg' ? 'Edge' : (browser[1] ?? 'browser')
  return agent.split(/[/\s(]/, 1)[0]?.slice(0, 40) || 'unnamed'
}
