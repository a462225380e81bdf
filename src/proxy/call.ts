import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ProblemCode, ProxyError } from '../errors.js'
import { type CallObserver, type CallRecord, toTenths } from '../telemetry/records.js'
import type { Conversation } from '../upstream/exchange.js'
import { requestHeaders } from './headers.js'
import { preferredWait } from './prefer.js'
import { readTarget, type Target } from './target.js'

/** What one request has gathered on its way through the corridor. */
export interface Call extends Conversation {
  readonly id: string
  readonly environment: string
  readonly form: Target['form']
  /** The host the client asked for: the authority of its target or its Host header. */
  readonly authority: string | undefined
  readonly response: ServerResponse
  /** Ends when the client leaves or the proxy gives the call up; its reason is the answer. */
  readonly signal: AbortSignal
  /** The longest wait the client asked for, in seconds. */
  readonly waitSeconds: number | undefined
  /** The origin of the allowed web page that makes the call, if one does. */
  page: string | undefined
  /** Why the proxy itself had to answer, once it had. */
  problem: ProblemCode | undefined
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
}

/** Opens the call of one request. It closes exactly once, when its response or its connection does, and then emits its record. */
export function openCall(request: IncomingMessage, response: ServerResponse, options: CallOptions): Call {
  const { environment, observe } = options
  const opened = { at: Date.now(), on: performance.now() }
  const leaving = new AbortController()
  let isClosed = false
  // The router has been told to look at "/" only, so that no target is ever too odd for it.
  const raw = (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/'
  const { form, authority = request.headers.host, path: target } = readTarget(raw)
  const waitSeconds = preferredWait(request.headers.prefer)

  const call: Call = {
    id: idFrom(request.headers['x-request-id']),
    environment,
    form,
    authority,
    method: request.method ?? 'GET',
    target,
    headers: requestHeaders(request.rawHeaders, target),
    request,
    response,
    signal: leaving.signal,
    ticket: {
      client: clientOf(request),
      priority: urgencyOf(request) ?? options.priority,
      signal: leaving.signal,
      maxWaitMs: waitSeconds === undefined ? undefined : waitSeconds * 1000,
      since: opened.on
    },
    trace: { queueMs: 0, tokenMs: 0, upstreamMs: 0, attempts: 0, notes: [] },
    waitSeconds,
    page: undefined,
    problem: undefined,
    abort: (reason) => leaving.abort(reason),
    close() {
      if (isClosed) return
      isClosed = true
      const ended = endingOf(call)
      const emit = () => observe(Object.freeze(recordOf(call, opened, ended)))
      if (response.writableFinished) return emit()
      leaving.abort(new ProxyError('client_left', 'The client left before its answer was complete.'))
      // What the call was waiting for has to hear of it, before it can say how long that was.
      setImmediate(emit)
    }
  }
  response.once('close', call.close)
  return call
}

type Ending = Pick<CallRecord, 'status' | 'problem'>

function endingOf({ response, problem }: Call): Ending {
  return {
    status: response.headersSent ? response.statusCode : 499,
    problem: problem ?? (response.writableFinished ? undefined : 'client_left')
  }
}

function recordOf(call: Call, opened: { at: number; on: number }, ended: Ending): CallRecord {
  const { id, environment, method, target, trace } = call
  return {
    id,
    startedAt: opened.at,
    environment,
    method,
    path: target.split('?', 1)[0] ?? '',
    ...ended,
    totalMs: toTenths(performance.now() - opened.on),
    queueMs: toTenths(trace.queueMs),
    tokenMs: toTenths(trace.tokenMs),
    upstreamMs: toTenths(trace.upstreamMs),
    attempts: trace.attempts,
    notes: trace.notes
  }
}

/** A client's own request id is kept when it is harmless in a header and a log line. */
function idFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:+/=-]{1,128}$/.test(header) ? header : randomUUID()
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
