import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../errors.js'
import type { Lease, Limiter, Outcome, Ticket } from '../limiter/limiter.js'
import { readThrottle } from '../limiter/throttle-reply.js'
import type { Token, TokenStore } from '../oauth/token-store.js'
import type { Body, ReadAhead } from './body.js'
import { explainFailure } from './failure.js'
import { discard, headerOf, peek } from './peek.js'
import { type Answer, LostError, type Send } from './send.js'
import { type Evidence, judge } from './verdict.js'

/** What the exchange needs of a call: what to send, how it queues, and where to write down what was done. */
export interface Conversation {
  readonly method: string
  readonly target: string
  /** Flat list of names and values, without credentials. */
  readonly headers: readonly string[]
  readonly request: IncomingMessage
  readonly ticket: Ticket
  readonly trace: Trace
}

export interface Trace {
  queueMs: number
  tokenMs: number
  upstreamMs: number
  attempts: number
  readonly notes: string[]
}

export interface ExchangeOptions {
  environment: string
  limiter: Limiter
  tokens: TokenStore
  send: Send
  readAhead: ReadAhead
  now?: () => number
}

export type Exchange = (call: Conversation) => Promise<Answer>

/**
 * The whole conversation with ServiceChannel: turn, token, send, report, and the one decision to send again. Resolves
 * with the answer to hand over; rejects with ProxyError when there is none.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const { environment, limiter, tokens, send, readAhead, now = () => performance.now() } = options

  return async (call) => {
    // Nobody uploads a body only to hear that there is no room for the call.
    const refusal = limiter.refusal(call.ticket)
    if (refusal) throw refusal
    const body = await readAhead(call.request)
    try {
      return await converse(call, body)
    } finally {
      body.release()
    }
  }

  async function converse(call: Conversation, body: Body): Promise<Answer> {
    const { method, target, ticket, trace } = call
    const done = { renewals: 0, resends: 0 }

    for (let again = false; ; again = true) {
      const lease = await limiter.acquire(patienceLeft(call), { again })
      trace.queueMs += lease.waitedMs

      const granted = now()
      const token = await getReady(call, body, lease).catch((error) => {
        lease.report({ kind: 'unsent' })
        throw error
      })
      const departed = now()
      trace.tokenMs += departed - granted

      trace.attempts++
      const headers = [...call.headers, 'authorization', `Bearer ${token.accessToken}`]
      const payload = body.open()
      const result = await send({ method, target, headers, payload, signal: ticket.signal }).catch(asLost)
      trace.upstreamMs += now() - departed

      const outcome = await readOutcome(result)
      lease.report(outcome)
      if (!(result instanceof LostError) && result.status < 400) tokens.accepted(token)

      const { replayable } = body
      const verdict = judge({ method, replayable, ...done, ended: endOf(result, outcome), token: ageOf(token) })
      if (verdict === 'renew' && tokens.refuse(token)) {
        done.renewals++
        trace.notes.push('401 to a token near its end: renewed the token and sent again')
      } else if (verdict === 'resend') {
        done.resends++
        trace.notes.push('the connection dropped: sent again')
      } else if (verdict === 'wait') {
        trace.notes.push('throttled by ServiceChannel: waited and sent again')
      } else {
        if (result instanceof LostError) throw asProblem(result)
        return result
      }
      if (!(result instanceof LostError)) discard(result)
    }
  }

  /** What can still go wrong before a place is spent. */
  async function getReady({ ticket }: Conversation, body: Body, { waitedMs }: Lease): Promise<Token> {
    const token = await tokens.get(ticket.signal)
    if (waitedMs > 0) await body.catchUp()
    return token
  }

  function ageOf(token: Token): Evidence['token'] {
    const at = now()
    return {
      marginMs: token.marginMs,
      ageMs: at - token.obtainedAt,
      remainingMs: token.expiresAt - at,
      idleMs: at - (tokens.lastAcceptedAt(token) ?? token.obtainedAt)
    }
  }

  function asProblem(lost: LostError): ProxyError {
    if (lost.cause instanceof ProxyError) return lost.cause
    const { kind, reason } = explainFailure(lost.cause)
    const fate = lost.written ? 'The request may or may not have been carried out.' : 'Nothing was sent.'
    return new ProxyError(`upstream_${kind}`, `The API server of ${environment} failed: ${reason}. ${fate}`, {
      cause: lost
    })
  }
}

/** A client's own bound counts from its arrival, however often the call has to wait. */
function patienceLeft({ ticket, trace }: Conversation): Ticket {
  const { maxWaitMs } = ticket
  return maxWaitMs === undefined ? ticket : { ...ticket, maxWaitMs: Math.max(0, maxWaitMs - trace.queueMs) }
}

function asLost(error: unknown): LostError {
  return error instanceof LostError ? error : new LostError(true, error)
}

/** What the limiter must know: was the place used, and did ServiceChannel ask for a pause? */
async function readOutcome(result: Answer | LostError): Promise<Outcome> {
  if (result instanceof LostError) return result.written ? { kind: 'spent', unanswered: true } : { kind: 'unsent' }
  const { status, headers } = result
  const retryAfter = headerOf(headers, 'retry-after')
  const date = headerOf(headers, 'date')
  const body = status === 429 || status === 503 ? await peek(result).catch(() => undefined) : undefined
  return readThrottle({ status, retryAfter, date, body, nowMs: Date.now() }) ?? { kind: 'spent' }
}

function endOf(result: Answer | LostError, outcome: Outcome): Evidence['ended'] {
  if (result instanceof LostError) return { dropped: result.written ? 'written' : 'unwritten' }
  return { answer: result.status, throttled: outcome.kind === 'throttled' }
}
