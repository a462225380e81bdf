import type { KeptBody } from './kept-body.js'
import { fieldOf, type RecordedCall } from './recorded-call.js'

/** One line of the list: nothing in it is more than the log tells. */
export function summaryOf(call: RecordedCall) {
  const { number, opened, record, answer } = call
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
    isOpen: record === undefined,
    status: record?.status ?? answer?.status,
    problem: record?.problem,
    queueMs: record?.queueMs,
    tokenMs: record?.tokenMs,
    upstreamMs: record?.upstreamMs,
    totalMs: record?.totalMs,
    attempts: record?.attempts,
    ahead: record?.ahead,
    notes: record?.notes ?? []
  }
}

/** Everything that is kept of a call. */
export function detailOf(call: RecordedCall) {
  const { opened, requestHeaders, requestBody, answer, responseBody } = call
  return {
    ...summaryOf(call),
    target: opened.target,
    request: { httpVersion: opened.httpVersion, headers: requestHeaders, body: bodyView(requestBody, requestHeaders) },
    response: answer && { ...answer, body: bodyView(responseBody, answer.headers) }
  }
}

/** Text as it is, everything else in base64. */
function bodyView(body: KeptBody, headers: RecordedCall['requestHeaders']) {
  const { size, clipped, note } = body
  return {
    size,
    kept: body.copy().length,
    clipped,
    hidden: body.hidden,
    note,
    type: fieldOf(headers, 'content-type'),
    ...textOrBase64(body)
  }
}

/** @returns `text` when the bytes are UTF-8 and hold no control characters, else `base64` */
export function textOrBase64(body: KeptBody): { text: string } | { base64: string } {
  const bytes = body.copy()
  const text = decodeText(bytes, body.clipped)
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
