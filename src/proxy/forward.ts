import { pipeline, type Readable, type Transform } from 'node:stream'
import { ProxyError } from '../errors.js'
import { headerOf, isNamed, oneOf } from '../header-list.js'
import { authorityOf } from '../host.js'
import type { AnswerBody } from '../upstream/answer-body.js'
import type { Exchange } from '../upstream/exchange.js'
import { explainFailure } from '../upstream/failure.js'
import type { Answer } from '../upstream/send.js'
import { ownHeaders } from './answer.js'
import type { Call } from './call.js'
import { decoders } from './decoders.js'
import { responseHeaders } from './headers.js'
import { relink, relinkLocation } from './links.js'
import { endWith, pipeTo, pourInto, writeHead } from './tap.js'
import { addTrailers, wantsTrailers } from './trailers.js'

/**
 * Takes a call into the exchange and hands its answer back: the same status, reason, headers and bytes, except where
 * the client would be led away from the proxy.
 *
 * @throws ProxyError when there is no answer, or when it breaks off
 */
export async function forward(call: Call, exchange: Exchange, apiUrl: string): Promise<void> {
  const answer = await exchange(call)
  const headers = responseHeaders(answer.headers)
  const steps = relinkBody(call, answer, headers, apiUrl)
  replaceLocation(headers, call, apiUrl)

  headers.push(...ownHeaders(call))
  writeHead(call, answer.status, answer.statusText, headers)
  const whole = steps.length === 0 ? answer.body.whole() : undefined
  if (whole === undefined) await passOn(call, answer.body, steps)
  if (wantsTrailers(call)) addTrailers(call, answer)
  endWith(call, whole)
}

/** Writes a body to the client as it comes, through the steps. */
async function passOn(call: Call, body: AnswerBody, steps: readonly Transform[]): Promise<void> {
  const { response } = call
  // Node keeps the head back for the first piece of the body, which may be long in coming.
  setImmediate(() => {
    if (!response.writableEnded) response.flushHeaders()
  })
  try {
    if (steps.length === 0) return await pourInto(call, body)
    await pipeTo(
      call,
      steps.reduce<Readable>((from, to) => pipeline(from, to, () => {}), body.stream())
    )
  } catch (error) {
    const left = call.leaving.reason()
    if (left) throw left
    const { reason } = explainFailure(error)
    const message = `The API server of "${call.environment}" broke off its answer: ${reason}.`
    throw new ProxyError('upstream_dropped', message, { cause: error })
  }
}

/**
 * The steps a body with links goes through: none when it is not JSON, in a coding we cannot read, or a part of
 * something. The head then no longer says what was true of the bytes before.
 */
function relinkBody(call: Call, { status }: Answer, headers: string[], apiUrl: string): Transform[] {
  const { method, isLinked } = call
  if (!isLinked || status === 206) return []
  const type = headerOf(headers, 'content-type')
  if (type === undefined || !/^(?:application|text)\/(?:[\w.+-]+\+)?json\b/i.test(type)) return []
  const decode = decoders.get(headerOf(headers, 'content-encoding')?.trim().toLowerCase() ?? 'identity')
  if (!decode) return []
  removeOfTheBytesBefore(headers)
  // Without a body there is nothing to decode.
  if (method === 'HEAD' || status === 204 || status === 304) return []
  return [...decode(), relink(apiUrl, ownOrigin(call))]
}

const isOfTheBytesBefore = oneOf([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'repr-digest'
])

/** Where the client reached this listener, in its own words. */
function ownOrigin({ form, authority, request }: Call): string {
  const { localAddress = '127.0.0.1', localPort } = request.socket
  return `http://${form === 'origin' && authority ? authority : authorityOf(localAddress, localPort)}`
}

function replaceLocation(headers: string[], call: Call, apiUrl: string): void {
  for (let i = 0; i < headers.length; i += 2) {
    if (isNamed(headers[i], 'location')) headers[i + 1] = relinkLocation(headers[i + 1] ?? '', apiUrl, ownOrigin(call))
  }
}

function removeOfTheBytesBefore(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (isOfTheBytesBefore(headers[i] ?? '')) headers.splice(i, 2)
  }
}
