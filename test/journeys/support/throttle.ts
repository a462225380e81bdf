import type { ServerResponse } from 'node:http'
import { type ApiCall, json } from './servicechannel.js'

export interface ThrottleOptions {
  /** What the server really allows in `windowMs`. */
  calls: number
  windowMs: number
  /** What it says it allows. */
  stated: number
  status?: 429 | 503
  limit?: 'Application' | 'Company'
  /** A refused call takes a place as well. */
  countsRefused?: boolean
}

/** A rolling limit as ServiceChannel announces its own: a Reason, and an HTTP date from which on calls are welcome. */
export function createThrottle(options: ThrottleOptions) {
  const { calls, windowMs, stated, status = 429, limit = 'Application', countsRefused = false } = options
  const reason = `Request has been throttled. Your current ${limit} limit is [${stated}] per [${windowMs / 1000}] second`
  const accepted: ApiCall[] = []
  const refusals: { at: number; until: number }[] = []
  let counted: number[] = []

  return {
    accepted,
    /** When a call was refused and until when the server asked for rest, both in `performance.now()`. */
    refusals,
    answer(call: ApiCall, response: ServerResponse): void {
      const { at } = call
      counted = counted.filter((earlier) => earlier > at - windowMs)
      const fits = counted.length < calls
      if (fits || countsRefused) counted.push(at)
      if (fits) accepted.push(call)
      if (fits) json(response, 200, [])
      else refuse(at, response)
    }
  }

  function refuse(at: number, response: ServerResponse): void {
    const freeAt = counted[counted.length - calls]! + windowMs
    const date = Math.ceil((Date.now() + freeAt - at) / 1000) * 1000
    refusals.push({ at, until: at + date - Date.now() })
    json(response, status, { Reason: reason }, { 'Retry-After': new Date(date).toUTCString() })
  }
}

export type Throttle = ReturnType<typeof createThrottle>
