import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ProblemCode, ProxyError } from '../errors.js'
import type { Recording } from '../telemetry/recording.js'
import { type CallObserver, type CallRecord, toTenths } from '../telemetry/records.js'
import { hasBody } from '../upstream/body.js'
import type { Conversation } from '../upstream/exchange.js'
import { createLeaving } from '../upstream/leaving.js'
import { requestHeaders } from './headers.js'
import { isLinkedRoute } from './links.js'
import { preferredWait } from './prefer.js'
import { newRequestId } from './request-id.js'
import { tapRequest } from './tap.js'
import { readTarget, type Target, withoutQuery } from './target.js'

/** What one request has gathered on its way through the corridor. */
export interface Call extends Conversation {
  readonly id: string
  readonly environment: string
  readonly form: Target['form']
  /** The host the client asked for: the authority of its target or its Host header. */
  readonly authority: string | undefined
  readonly response: ServerResponse
  /** It is asked for on a route whose answers have links to themselves. */
  readonly isLinked: boolean
  /** The longest wait the client asked for, in seconds. */
  readonly waitSeconds: number | undefined
  /** The origin of the allowed web page that makes the call, if one does. */
  page: string | undefined
  /** Why the proxy itself had to answer, once it had. */
  problem: ProblemCode | undefined
  /** Whoever wants to see what passes on this call, if anybody does. */
  recording: Recording | undefined
  /** What they know it by. */
  recorded: number
  /** Gives the call up from this side. */
  abort(reason: ProxyError): void
  /** Its response has been sent, or nobody is there any more to have it. Only the first time counts. */
  close(): void
}

export interface CallOptions {
  environment: string
  /** RFC 9218 urgency, 0 (first) to 7 (last), of requests that do not state their own. */
  priority: number
  observe: CallObserver
  /** Whoever wants to see what passes. */
  recording?: Recording | undefined
}

/** Opens the call of one request. It closes exactly once, and then emits its record. */
export function openCall(request: IncomingMessage, response: ServerResponse, options: CallOptions): Call {
  const { environment, observe } = options
  const opened = { at: Date.now(), on: performance.now() }
  const leaving = createLeaving()
  // Node reads a body nobody has read to its end after the answer, in seven steps, even one that does not exist.
  if (!hasBody(request)) request.read(0)
  let isClosed = false
  // The router has been told to look at "/" only, so that no target is ever too odd for it.
  const raw = (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/'
  const { form, authority = request.headers.host, path: target } = readTarget(raw)
  const isLinked = isLinkedRoute(target)
  const waitSeconds = preferredWait(request.headers.prefer)

  const call: Call = {
    id: idFrom(request.headers['x-request-id']),
    environment,
    form,
    authority,
    method: request.method ?? 'GET',
    target,
    isLinked,
    headers: requestHeaders(request.rawHeaders, isLinked),
    request,
    response,
    leaving,
    ticket: {
      client: clientOf(request),
      priority: urgencyOf(request) ?? options.priority,
      maxWaitMs: waitSeconds === undefined ? undefined : waitSeconds * 1000,
      since: opened.on
    },
    trace: { queueMs: 0, tokenMs: 0, upstreamMs: 0, attempts: 0, ahead: 0, notes: [] },
    waitSeconds,
    page: undefined,
    problem: undefined,
    recording: undefined,
    recorded: 0,
    abort: leaving.leave,
    close() {
      if (isClosed) return
      isClosed = true
      const ended = endingOf(call)
      const emit = () => {
        const record = Object.freeze(recordOf(call, opened, ended))
        observe(record)
        call.recording?.close(call.recorded, record, request.headers['user-agent'])
      }
      if (response.writableFinished) return emit()
      leaving.leave(new ProxyError('client_left', 'The client left before its answer was complete.'))
      // What the call was waiting for has to hear of it, before it can say how long that was.
      setImmediate(emit)
    }
  }
  if (options.recording) record(call, options.recording)
  return call
}

function record(call: Call, recording: Recording): void {
  const number = recording.open(call)
  if (number === 0) return
  call.recording = recording
  call.recorded = number
  tapRequest(call.request, recording, number)
}

type Ending = Pick<CallRecord, 'status' | 'problem'>

function endingOf({ response, problem }: Call): Ending {
  return {
    status: response.headersSent ? response.statusCode : 499,
    problem: problem ?? (response.writableFinished ? undefined : 'client_left')
  }
}

function recordOf(call: Call, opened: { at: number; on: number }, { status, problem }: Ending): CallRecord {
  const { id, environment, method, target, request, trace } = call
  return {
    id,
    traceparent: traceOf(request),
    startedAt: opened.at,
    environment,
    method,
    path: withoutQuery(target),
    status,
    problem,
    totalMs: toTenths(performance.now() - opened.on),
    queueMs: toTenths(trace.queueMs),
    tokenMs: toTenths(trace.tokenMs),
    upstreamMs: toTenths(trace.upstreamMs),
    attempts: trace.attempts,
    ahead: trace.ahead,
    notes: trace.notes
  }
}

/** A client's own request id is kept when it is harmless in a header and a log line. */
function idFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:+/=-]{1,128}$/.test(header) ? header : newRequestId()
}

/** `traceparent` (W3C Trace Context §3.2), known fields only. What is not well-formed counts as not sent. */
function traceOf({ headers: { traceparent } }: IncomingMessage): string | undefined {
  if (typeof traceparent !== 'string') return undefined
  return /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?=-|$)/.exec(traceparent)?.[0]
}

/** Who shares turns: calls of one program on one machine count as one client. */
function clientOf(request: IncomingMessage): string {
  return `${request.socket.remoteAddress ?? ''} ${request.headers['user-agent'] ?? ''}`
}

/** The urgency a client asks for with `Priority: u=…` (RFC 9218 §4.1). */
function urgencyOf(request: IncomingMessage): number | undefined {
  const header = request.headers.priority
  const urgency = typeof header === 'string' ? /(?:^|,)\s*u=([0-7])(?=\s*(?:[,;]|$))/.exec(header)?.[1] : undefined
  return urgency === undefined ? undefined : Number(urgency)
}
