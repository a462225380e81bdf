import { type DestinationStream, type Logger, pino } from 'pino'
import { inBatches } from './batches.js'
import type { CallObserver } from './records.js'

export type Log = Logger

export interface LogOptions {
  level: string
  /** `auto`: pretty on a terminal, JSON lines otherwise. */
  format: 'auto' | 'pretty' | 'json'
  stream: NodeJS.WritableStream & { isTTY?: boolean }
  /** Calls back when the process ends. When given, JSON lines may be kept for a tenth of a second. */
  onExit?: (listener: () => void) => void
}

/** Names that may carry a secret, wherever they turn up in a log object. */
const secretKeys = ['authorization', 'cookie', 'clientSecret', 'password', 'accessToken', 'refreshToken', 'clientKey']

/**
 * The process's log. Call sites log chosen fields only; redaction is the second line of defence. Errors are written
 * without their causes and own properties.
 */
export async function createLog(options: LogOptions): Promise<Log> {
  return pino(
    {
      level: options.level,
      base: null,
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
      serializers: { err: describeError }
    },
    await destinationOf(options)
  )
}

async function destinationOf({ format, stream, onExit }: LogOptions): Promise<DestinationStream> {
  if (format === 'pretty' || (format === 'auto' && stream.isTTY === true)) {
    // Loaded here, since most processes run without a terminal.
    const { prettyLines } = await import('./pretty.js')
    return prettyLines(stream)
  }
  if (onExit === undefined || stream.isTTY === true) return stream
  const batches = inBatches(stream)
  onExit(batches.end)
  return batches
}

/** Causes and own properties may hold what a server said, or a header; what is left was written by us. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  const { name, message, stack = '' } = error
  const code = 'code' in error ? error.code : undefined
  return { type: name, code, message, stack: stack.slice(stack.indexOf('\n    at ') + 1) }
}

/** One line per call: warnings for what the proxy had to answer itself, information for everything else. */
export function logCalls(log: Log): CallObserver {
  // To look for secrets in a record of known fields takes longer than to write it; only these fields are written.
  const lines = log.child({}, { redact: [] })
  return (record) => {
    // A new level, as after a reload, is not handed down.
    if (lines.level !== log.level) lines.level = log.level
    const { id, startedAt, environment, method, path, status, problem } = record
    const { queueMs, tokenMs, upstreamMs, totalMs, attempts, notes } = record
    const took = `${Math.round(totalMs)} ms`
    const waited = queueMs >= 1 ? `, waited ${Math.round(queueMs)} ms` : ''
    const why = [problem, ...notes].filter(Boolean).join('; ')
    const line = `${environment} ${method} ${path} ${status} (${took}${waited})${why && ` ${why}`}`
    // biome-ignore format: one line of the log
    const call = { id, startedAt, environment, method, path, status, problem, queueMs, tokenMs, upstreamMs, totalMs, attempts, notes }
    if (problem === undefined || problem === 'client_left') lines.info({ call }, line)
    else lines.warn({ call }, line)
  }
}

/** What is worth telling of a renewal; the events of the token store hold no secret. */
type LoginEvent =
  | { type: 'renewed'; grant: string; lifeMs: number; tookMs: number }
  | { type: 'failed'; grant: string; code: string; message: string; retrying: boolean }

/** One line per renewal of a token, and one per failure with what is done about it. */
export function logLogins(log: Log, environment: string): (event: LoginEvent) => void {
  return (login) => {
    if (login.type === 'renewed') {
      const life = Math.round(login.lifeMs / 1000)
      log.info({ environment, login }, `${environment}: new token by ${login.grant} grant, good for ${life} s`)
    } else {
      log.warn({ environment, login }, `${environment}: ${login.message}${login.retrying ? ' Trying again.' : ''}`)
    }
  }
}
