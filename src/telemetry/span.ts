import { randomBytes } from 'node:crypto'
import type { CallRecord } from './records.js'

/** A span in the JSON form of OTLP (opentelemetry-proto, trace/v1). Times are nanoseconds, as text. */
export interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  status: { code?: number }
}

export interface Attribute {
  key: string
  value: { stringValue: string } | { intValue: string } | { doubleValue: number }
}

const server = 2
const failed = 2

/**
 * The span of one call, named as OpenTelemetry names those of HTTP servers: a part of the client's trace, or a trace of
 * its own. Undefined when the client has decided that its trace is not sampled.
 */
export function spanOf(call: CallRecord, route: string): Span | undefined {
  const [, traceId = randomBytes(16).toString('hex'), parentSpanId, flags = '01'] = call.traceparent?.split('-') ?? []
  if ((Number.parseInt(flags, 16) & 1) === 0) return undefined
  return {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    ...(parentSpanId && { parentSpanId }),
    name: `${call.method} ${route}`,
    kind: server,
    startTimeUnixNano: nanoseconds(call.startedAt),
    endTimeUnixNano: nanoseconds(call.startedAt + call.totalMs),
    attributes: [
      text('http.request.method', call.method),
      text('http.route', route),
      text('url.path', call.path),
      whole('http.response.status_code', call.status),
      ...(call.problem === undefined ? [] : [text('error.type', call.problem)]),
      text('sc_proxy.environment', call.environment),
      text('sc_proxy.request_id', call.id),
      whole('sc_proxy.attempts', call.attempts),
      milliseconds('sc_proxy.queue_ms', call.queueMs),
      milliseconds('sc_proxy.token_ms', call.tokenMs),
      milliseconds('sc_proxy.upstream_ms', call.upstreamMs)
    ],
    // Of a server, what the client did wrong is no failure.
    status: call.status >= 500 ? { code: failed } : {}
  }
}

export const text = (key: string, stringValue: string): Attribute => ({ key, value: { stringValue } })
const whole = (key: string, value: number): Attribute => ({ key, value: { intValue: String(value) } })
const milliseconds = (key: string, doubleValue: number): Attribute => ({ key, value: { doubleValue } })

/** Microseconds are as far as a number goes. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`
}
