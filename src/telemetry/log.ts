import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { CallObserver } from './records.js'

export type Log = Logger

export interface LogOptions {
  level: string
  /** `auto`: pretty on a terminal, JSON lines otherwise. */
  format: 'auto' | 'pretty' | 'json'
  stream: NodeJS.WritableStream & { isTTY?: boolean }
}

/** Names that may carry a secret, wherever they turn up in a log object. */
const secretKeys = ['authorization', 'cookie', 'clientSecret', 'password', 'accessToken', 'refreshToken', 'clientKey']

/**
 * The process's log. Call sites log chosen fields only; redaction is the second line of defence. Errors are written
 * without their causes and own properties.
 */
export function createLog({ level, format, stream }: LogOptions): Log {
  const isPretty = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  const destination: DestinationStream = isPretty
    ? pretty({
        destination: stream,
        // The message says it all to a person, except about an error.
        include: 'time,level,err',
        colorize: stream.isTTY === true,
        translateTime: 'SYS:HH:MM:ss.l'
      })
    : stream
  return pino(
    {
      level,
      base: null,
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
      serializers: { err: describeError }
    },
    destination
  )
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
  return (call) => {
    const took = `${Math.round(call.totalMs)} ms`
    const waited = call.queueMs >= 1 ? `, waited ${Math.round(call.queueMs)} ms` : ''
    const why = [call.problem, ...call.notes].filter(Boolean).join('; ')
    const line = `${call.environment} ${call.method} ${call.path} ${call.status} (${took}${waited})${why && ` ${why}`}`
    if (call.problem === undefined || call.problem === 'client_left') log.info({ call }, line)
    else log.warn({ call }, line)
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
