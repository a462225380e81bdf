import type { ShownBody } from './shown-body.js'
import { type Field, fieldOf, type Glance, type ShownCall } from './shown-call.js'

/** One line of the list: nothing in it is more than the log tells. */
export function summaryOf({ number, opened, status, ending }: Glance) {
  return {
    id: number,
    requestId: opened.requestId,
    listener: opened.listener,
    environment: opened.environment,
    client: opened.client,
    startedAt: opened.at,
    method: opened.method,
    path: opened.target.split('?', 1)[0] ?? '',
    replayOf: opened.replayOf,
    isOpen: ending === undefined,
    status: ending?.status ?? status,
    problem: ending?.problem,
    queueMs: ending?.queueMs,
    tokenMs: ending?.tokenMs,
    upstreamMs: ending?.upstreamMs,
    totalMs: ending?.totalMs,
    attempts: ending?.attempts,
    ahead: ending?.ahead,
    notes: ending?.notes ?? []
  }
}

/** Everything that may be seen of a call. */
export function detailOf(call: ShownCall) {
  const { opened, requestHeaders, requestBody, answer, responseBody } = call
  return {
    ...summaryOf(call),
    target: opened.target,
    request: { httpVersion: opened.httpVersion, headers: requestHeaders, body: bodyView(requestBody, requestHeaders) },
    response: answer && { ...answer, body: bodyView(responseBody, answer.headers) }
  }
}

/** Text as it is, everything else in base64. */
function bodyView(body: ShownBody, headers: readonly Field[]) {
  const { size, bytes, clipped, note } = body
  return {
    size,
    kept: bytes.length,
    clipped,
    hidden: body.hidden,
    note,
    type: fieldOf(headers, 'content-type'),
    ...textOrBase64(body)
  }
}

/** @returns `text` when the bytes are UTF-8 and hold no control characters, else `base64` */
export function textOrBase64({ bytes, clipped }: ShownBody): { text: string } | { base64: string } {
  const text = decodeText(bytes, clipped)
  return text === undefined ? { base64: bytes.toString('base64') } : { text }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeText(bytes: Buffer, clipped: boolean): string | undefined {
  // The bound may have fallen into the middle of a letter of up to four bytes.
  for (let cut = 0; cut <= (clipped ? 3 : 0); cut++) {
    try {
      const text = strict.decode(bytes.subarray(0, bytes.length - cut))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what tells binary data from text
      return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text
    } catch {
      // Not UTF-8, or not so far.
    }
  }
  return undefined
}
