import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { rawList } from '../header-list.js'
import { type AnswerBody, createIncomingBody, type IncomingBody } from './answer-body.js'
import { hasUnknownCoding, reasonPhrase, unknownCoding } from './answer-head.js'
import type { Clients, Connection } from './clients.js'
import { createEndOfTurn } from './end-of-turn.js'
import type { Leaving } from './leaving.js'

/** One request as it leaves: the target byte for byte, headers as name, value, name, value. */
export interface Outgoing {
  method: string
  target: string
  headers: string[]
  payload: Buffer | Readable | undefined
  leaving: Leaving
  /** Called when the connection is free for others, however the exchange has ended; perhaps more than once. */
  release(): void
}

/** One answer as it came: repeated headers, their order and their letters kept. */
export interface Answer {
  status: number
  statusText: string
  headers: string[]
  body: AnswerBody
  /** The fields after the body, in the form of `headers`; complete when the body has ended. */
  trailers: string[]
}

/** No answer came. The code of the connection's error is in `cause`. */
export class LostError extends Error {
  /** Some of the request may have reached the server. */
  readonly written: boolean

  constructor(written: boolean, cause: unknown) {
    super('no answer came', { cause })
    this.name = 'LostError'
    this.written = written
  }
}

export type Send = (request: Outgoing) => Promise<Answer>

/**
 * Sends once and never again. Resolves with the head of the answer, its body streaming with backpressure; rejects with
 * LostError. Whoever leaves ends the attempt at any time, and with it the connection.
 */
export function createSend(clients: Clients): Send {
  const atEndOfTurn = createEndOfTurn()
  let underWay = 0

  return ({ method, target, headers, payload, leaving, release }) =>
    new Promise((resolve, reject) => {
      let written = false
      let body: IncomingBody | undefined
      let abort: ((error: Error) => void) | undefined
      const trailers: string[] = []
      const left = leaving.reason()
      if (left) {
        release()
        return reject(new LostError(false, left))
      }
      let connection: Connection | undefined = clients.take()
      underWay++

      const finish = () => {
        leaving.listen(undefined)
        if (connection) {
          underWay--
          clients.giveBack(connection)
        }
        connection = undefined
        release()
      }
      const fail = (error: unknown) => {
        abort?.(error instanceof Error ? error : new Error('aborted'))
        finish()
        if (body) body.fail(error)
        else reject(new LostError(written, error))
      }
      leaving.listen(() => fail(leaving.reason()))

      connection.client.dispatch(
        // reset: after a HEAD undici would otherwise stop reusing connections altogether.
        {
          path: target,
          method: method as Dispatcher.HttpMethod,
          headers,
          body: payload ?? null,
          reset: method === 'HEAD' ? false : undefined
        },
        // The older of undici's two kinds of handler. For the newer one it also makes an object of all headers, which
        // costs more than everything the exchange does with the answer.
        {
          onConnect(cut) {
            if (leaving.reason()) return cut(new Error('aborted'))
            abort = cut
            written = true
          },
          onHeaders(status, raw, resume, statusText) {
            // Interim answers end here: HTTP/1.0 and many an old client would take one for the answer.
            if (status < 200) return true
            const headers = rawList(raw)
            if (hasUnknownCoding(headers)) {
              fail(unknownCoding)
              return true
            }
            body = createIncomingBody({ resume, abort: (reason) => abort?.(reason) })
            // RFC 9110 §8.6: 204 and 304 may state a length and have no body; undici takes that for a broken answer.
            if (status === 204 || status === 304) body.end()
            const answer = { status, statusText: reasonPhrase(status, statusText), headers, body, trailers }
            // Whoever is alone need not wait for others.
            if (underWay < 2) resolve(answer)
            else atEndOfTurn(() => resolve(answer))
            return true
          },
          onData: (piece) => body?.push(piece) ?? true,
          onComplete(fields) {
            finish()
            if (fields?.length) trailers.push(...rawList(fields))
            body?.end()
          },
          onError(error) {
            if (!body?.hasEnded()) return fail(error)
            finish()
          }
        }
      )
    })
}
