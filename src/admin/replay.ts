import { randomUUID } from 'node:crypto'
import http from 'node:http'
import { authorityOf } from '../host.js'
import type { Recorder } from './recorder.js'
import { hidden } from './redaction.js'
import type { Field, ShownCall } from './shown-call.js'

/** What of a recorded call is to be different when it is sent again. */
export interface Edits {
  method?: string
  target?: string
  headers?: Field[]
  /** The whole body as text. */
  body?: string
}

/** A request as it is sent to one of our own listeners. */
export interface Repeated {
  method: string
  target: string
  /** Flat list of names and values. */
  headers: string[]
  body: Buffer
}

/** Where a listener of ours can be called from this machine. */
export interface Dialled {
  host: string
  port: number
  clientKey: string | undefined
}

/** Headers that belong to the connection, the page or the client of the first time. */
const ofTheFirstTime =
  /^(?:host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|accept-encoding|origin|referer|sec-fetch-.*|x-request-id)$/i

/**
 * The request that repeats a call.
 *
 * @returns a sentence when what is kept of the call is not enough to repeat it
 */
export function repeat(call: ShownCall, edits: Edits): Repeated | string {
  const { opened, requestBody, requestHeaders } = call
  const { method = opened.method, target = opened.target, headers = requestHeaders, body } = edits
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) return 'The method is not one.'
  if (!/^\/[\x21-\xff]*$/.test(target)) return 'The target must begin with "/" and have no spaces.'
  if (target.includes(hidden)) return 'A parameter of the target is hidden: edit it.'
  if (body === undefined) {
    if (!call.ending) return 'The call is not over, so its body may not be complete.'
    if (requestBody.clipped)
      return `The body was longer than the ${requestBody.bytes.length} bytes that are kept: it cannot be repeated as it was.`
    if (requestBody.hidden > 0) return 'Values in the body are hidden: edit it.'
    if (requestBody.size > 0 && requestBody.bytes.length === 0) return 'The body was not kept.'
  }
  const bytes = body === undefined ? requestBody.bytes : Buffer.from(body)
  const kept = headers.filter(({ name, value }) => value !== hidden && !ofTheFirstTime.test(name))
  if (
    kept.some(({ name, value }) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value))
  )
    return 'A header has a name or a value that HTTP does not allow.'
  const length =
    bytes.length > 0 || !/^(?:GET|HEAD|DELETE|OPTIONS)$/.test(method) ? ['content-length', String(bytes.length)] : []
  return { method, target, headers: [...kept.flatMap(({ name, value }) => [name, value]), ...length], body: bytes }
}

/**
 * Sends it to our own listener, through guard, queue and all like any other call. Resolves with the number of the new
 * call as soon as it has arrived there; its answer is for the recorder only.
 *
 * @throws the error of the connection
 */
export function sendAgain(repeated: Repeated, to: Dialled, of: number, recorder: Recorder): Promise<number> {
  const { method, target, headers, body } = repeated
  const requestId = `replay-${randomUUID()}`
  const key = to.clientKey === undefined ? [] : ['x-sc-proxy-key', to.clientKey]
  return new Promise((resolve, reject) => {
    const forget = recorder.expectReplay(requestId, of, resolve)
    const request = http.request({
      host: to.host,
      port: to.port,
      method,
      path: target,
      agent: false,
      headers: [...headers, ...key, 'host', authorityOf(to.host, to.port), 'x-request-id', requestId]
    })
    request.on('response', (response) => response.on('error', () => {}).resume())
    request.on('error', (error) => {
      forget()
      reject(error)
    })
    request.end(body)
  })
}
