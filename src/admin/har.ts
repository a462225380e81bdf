import { textOrBase64 } from './call-view.js'
import type { Ending } from './kept-call.js'
import type { ShownBody } from './shown-body.js'
import { type Field, fieldOf, type ShownCall } from './shown-call.js'

export interface HarOptions {
  version: string
  /** The base URL of a listener, by its place in the configuration. */
  urlOf(listener: number): string
}

/**
 * Calls as an HTTP archive, version 1.2 (http://www.softwareishard.com/blog/har-12-spec/): what browsers' network panels and
 * Fiddler open. Calls that are not over are left out. What the format has no place for is in fields that begin with
 * `_`, which it reserves for that, and in comments.
 */
export async function harOf(calls: AsyncIterable<ShownCall>, { version, urlOf }: HarOptions) {
  const entries: ReturnType<typeof entryOf>[] = []
  for await (const call of calls) if (call.ending) entries.push(entryOf(call, call.ending, urlOf(call.opened.listener)))
  return { log: { version: '1.2', creator: { name: 'sc-proxy', version }, pages: [], entries } }
}

function entryOf(
  { number, opened, requestHeaders, requestBody, answer, responseBody }: ShownCall,
  { status, problem, notes, queueMs, tokenMs, upstreamMs, totalMs }: Ending,
  url: string
) {
  const headers = answer?.headers ?? []
  // Together they must be the whole time, or readers call the archive broken.
  const blocked = Math.min(queueMs + tokenMs, totalMs)
  const wait = Math.min(upstreamMs, totalMs - blocked)
  return {
    startedDateTime: new Date(opened.at).toISOString(),
    time: totalMs,
    request: {
      method: opened.method,
      url: `${url}${opened.target}`,
      httpVersion: `HTTP/${opened.httpVersion}`,
      cookies: [],
      headers: requestHeaders,
      queryString: queryOf(opened.target),
      headersSize: -1,
      bodySize: requestBody.size,
      ...(requestBody.size > 0 && { postData: postDataOf(requestBody, requestHeaders) })
    },
    response: {
      status,
      statusText: answer?.statusText ?? '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers,
      content: contentOf(responseBody, headers),
      redirectURL: fieldOf(headers, 'location') ?? '',
      headersSize: -1,
      bodySize: responseBody.size
    },
    cache: {},
    timings: { blocked, dns: -1, connect: -1, send: 0, wait, receive: totalMs - blocked - wait, ssl: -1 },
    comment: [problem, ...notes].filter(Boolean).join('; '),
    _number: number,
    _environment: opened.environment,
    _requestId: opened.requestId,
    _queueMs: queueMs,
    _tokenMs: tokenMs,
    ...(opened.replayOf !== undefined && { _replayOf: opened.replayOf })
  }
}

function queryOf(target: string): Field[] {
  const query = target.indexOf('?')
  if (query < 0) return []
  return [...new URLSearchParams(target.slice(query + 1))].map(([name, value]) => ({ name, value }))
}

/** The format has no coding for what was sent: bytes that are no text become latin1 letters, as Fiddler writes them. */
function postDataOf(body: ShownBody, headers: readonly Field[]) {
  const content = textOrBase64(body)
  const text = 'text' in content ? content.text : body.bytes.toString('latin1')
  return {
    mimeType: fieldOf(headers, 'content-type') ?? 'application/octet-stream',
    text,
    ...commentOn(body, 'text' in content ? undefined : 'binary, one letter per byte')
  }
}

function contentOf(body: ShownBody, headers: readonly Field[]) {
  const content = textOrBase64(body)
  return {
    size: body.bytes.length,
    mimeType: fieldOf(headers, 'content-type') ?? 'x-unknown',
    ...('text' in content ? { text: content.text } : { text: content.base64, encoding: 'base64' }),
    ...commentOn(body)
  }
}

function commentOn({ clipped, bytes, note }: ShownBody, form?: string) {
  const remarks = [form, clipped ? `clipped: the first ${bytes.length} bytes` : undefined, note].filter(Boolean)
  return remarks.length > 0 ? { comment: remarks.join('; ') } : {}
}
