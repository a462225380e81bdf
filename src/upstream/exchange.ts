import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../errors.js'
import { headerOf } from '../header-list.js'
import type { Claim, Lease, Limiter, Outcome } from '../limiter/limiter.js'
import { readThrottle } from '../limiter/throttle-reply.js'
import type { Token, TokenStore } from '../oauth/token-store.js'
import { type Body, hasBody, noBody, type ReadAhead } from './body.js'
import { explainFailure } from './failure.js'
import type { Leaving } from './leaving.js'
import { discard, peek } from './peek.js'
import { type Answer, LostError, type Send } from './send.js'
import type { Slots } from './slots.js'
import { type Evidence, explain401, isSafe, judge } from './verdict.js'

/** What the exchange needs of a call: what to send, how it queues, and where to write down what was done. */
export interface Conversation {
  readonly method: string
  readonly target: string
  /** Flat list of names and values, without credentials. */
  readonly headers: readonly string[]
  readonly request: IncomingMessage
  readonly ticket: Claim
  /** Its reason is what whoever waits for the call is told. */
  readonly leaving: Leaving
  readonly trace: Trace
}

export interface Trace {
  queueMs: number
  tokenMs: number
  upstreamMs: number
  attempts: number
  /** Calls in line when this one came to wait. */
  ahead: number
  readonly notes: string[]
}

export interface ExchangeOptions {
  environment: string
  limiter: Limiter
  tokens: TokenStore
  /** The connections `send` has. */
  slots: Slots
  send: Send
  readAhead: ReadAhead
  now?: () => number
}

export type Exchange = (call: Conversation) => Promise<Answer>

interface Equipment {
  token: Token
  /** Gives the connection back. */
  release: () => void
}

/**
 * The whole conversation with ServiceChannel: turn, token, send, report, and the one decision to send again. Resolves
 * with the answer to hand over; rejects with ProxyError when there is none.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const { environment, limiter, tokens, slots, send, readAhead, now = () => performance.now() } = options

  return (call) => (hasBody(call.request) ? upload(call) : converse(call, noBody))

  async function upload(call: Conversation): Promise<Answer> {
    // Nobody uploads a body only to hear that there is no room for the call.
    const refusal = limiter.refusal(call.ticket)
    if (refusal) throw refusal
    const body = await readAhead(call.request)
    try {
      return await converse(call, body)
    } catch (error) {
      body.abandon()
      throw error
    } finally {
      body.release()
    }
  }

  async function converse(call: Conversation, body: Body): Promise<Answer> {
    const { method, target, leaving, trace } = call
    const done = { renewals: 0, resends: 0 }
    let isDoubtful = false

    for (let again = false; ; again = true) {
      // Where nothing need be waited for, nothing is: these steps cost as much as all the rest otherwise.
      const lease = atOnce(call, again) ?? (await queue(call, again))
      trace.ahead = Math.max(trace.ahead, lease.ahead)
      const { token, release } =
        atHand(lease) ??
        (await equip(call, body, lease).catch((error) => {
          lease.report({ kind: 'unsent' })
          throw error instanceof LostError ? asProblem(error, method, isDoubtful) : error
        }))
      const departed = now()
      trace.attempts++
      const headers = [...call.headers, 'authorization', `Bearer ${token.accessToken}`]
      const payload = body.open()
      let result: Answer | LostError
      try {
        result = await send({ method, target, headers, payload, leaving, release })
      } catch (error) {
        result = asLost(error)
      }
      const back = now()
      trace.upstreamMs += back - departed

      const read = readOutcome(result)
      const outcome = read instanceof Promise ? await read : read
      lease.report(outcome)
      if (result instanceof LostError) isDoubtful ||= result.written
      else if (result.status < 400) {
        tokens.accepted(token)
        return result
      }

      const replayable = body.isReplayable()
      const evidence = { method, replayable, ...done, ended: endOf(result, outcome), token: ageOf(token, back) }
      const verdict = judge(evidence)
      if (verdict === 'renew' && tokens.refuse(token)) {
        done.renewals++
        trace.notes.push('401 to a token near its end: renewing it and trying again')
      } else if (verdict === 'resend') {
        done.resends++
        const wasConnected = result instanceof LostError && result.written
        trace.notes.push(`${wasConnected ? 'the connection dropped' : 'no connection came about'}: trying again`)
      } else if (verdict === 'wait') {
        trace.notes.push('throttled by ServiceChannel: waiting to try again')
      } else {
        if (result instanceof LostError) throw asProblem(result, method, isDoubtful)
        if (verdict === 'retire') tokens.refuse(token)
        if (result.status === 401) trace.notes.push(explain401(evidence))
        return result
      }
      if (!(result instanceof LostError)) discard(result)
    }
  }

  function atOnce(call: Conversation, again: boolean): Lease | undefined {
    return call.leaving.reason() ? undefined : limiter.tryAcquire(call.ticket, { again })
  }

  function queue(call: Conversation, again: boolean): Promise<Lease> {
    const asked = now()
    const ticket = { ...patienceLeft(call), signal: call.leaving.signal() }
    return limiter.acquire(ticket, { again }).finally(() => {
      call.trace.queueMs += now() - asked
    })
  }

  /** What a call needs when its turn has come, if all of it can be had at once. */
  function atHand({ waitedMs }: Lease): Equipment | undefined {
    const token = waitedMs > 0 ? undefined : tokens.fresh()
    if (token === undefined) return undefined
    const release = slots.tryTake()
    return release && { token, release }
  }

  /** The same with all the waiting it takes. */
  async function equip({ leaving, trace }: Conversation, body: Body, { waitedMs }: Lease): Promise<Equipment> {
    let token: Token
    let release: () => void
    let from = now()
    try {
      // The token comes first, so that nobody holds a connection while a login is under way.
      token = tokens.fresh() ?? (await tokens.get(leaving.signal()))
    } finally {
      trace.tokenMs += now() - from
    }
    try {
      from = now()
      release = await slots.take(leaving)
    } finally {
      trace.queueMs += now() - from
    }
    try {
      if (waitedMs > 0) await body.catchUp()
      return { token: now() < token.expiresAt ? token : await tokens.get(leaving.signal()), release }
    } catch (error) {
      release()
      throw error
    }
  }

  function ageOf(token: Token, at: number): Evidence['token'] {
    return {
      marginMs: token.marginMs,
      ageMs: at - token.obtainedAt,
      remainingMs: token.expiresAt - at,
      idleMs: at - (tokens.lastAcceptedAt(token) ?? token.obtainedAt)
    }
  }

  /** @param isDoubtful some attempt, not necessarily the last, may have reached the server */
  function asProblem({ cause, written }: LostError, method: string, isDoubtful: boolean): ProxyError {
    // We have cut it off ourselves, at our end. What changes nothing may be asked of our successor.
    if (cause instanceof ProxyError)
      return isSafe(method) ? new ProxyError(cause.code, cause.message, { retryAfter: 1, cause }) : cause
    const { kind, reason } = explainFailure(cause)
    // A server that was connected to had been reached, and its certificate was good.
    const met = written && (kind === 'unreachable' || kind === 'untrusted')
    const fate = isDoubtful ? 'The request may or may not have been carried out.' : 'Nothing was sent.'
    const sentence = `The API server of "${environment}" failed: ${reason}. ${fate}`
    return new ProxyError(`upstream_${met ? 'dropped' : kind}`, sentence, { cause })
  }
}

/** A client's own bound counts from its arrival, however often the call has to wait. */
function patienceLeft({ ticket, trace }: Conversation): Claim {
  const { maxWaitMs } = ticket
  return maxWaitMs === undefined ? ticket : { ...ticket, maxWaitMs: Math.max(0, maxWaitMs - trace.queueMs) }
}

function asLost(error: unknown): LostError {
  return error instanceof LostError ? error : new LostError(true, error)
}

/** What the limiter must know: was the place used, and did ServiceChannel ask for a pause? */
function readOutcome(result: Answer | LostError): Outcome | Promise<Outcome> {
  if (result instanceof LostError) return result.written ? { kind: 'spent', unanswered: true } : { kind: 'unsent' }
  const { status, headers } = result
  const mayBeThrottled = status === 429 || status === 503 || headerOf(headers, 'retry-after') !== undefined
  return mayBeThrottled ? readReply(result) : { kind: 'spent' }
}

async function readReply(answer: Answer): Promise<Outcome> {
  const { status, headers } = answer
  const retryAfter = headerOf(headers, 'retry-after')
  const date = headerOf(headers, 'date')
  const body = status === 429 || status === 503 ? await peek(answer).catch(() => undefined) : undefined
  return readThrottle({ status, retryAfter, date, body, nowMs: Date.now() }) ?? { kind: 'spent' }
}

function endOf(result: Answer | LostError, outcome: Outcome): Evidence['ended'] {
  if (!(result instanceof LostError)) return { answer: result.status, throttled: outcome.kind === 'throttled' }
  const { kind, isLasting } = explainFailure(result.cause)
  if (result.written) return kind === 'dropped' ? { dropped: 'written' } : { failed: kind }
  return isLasting ? { failed: kind } : { dropped: 'unwritten' }
}
