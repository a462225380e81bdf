import type { CallRecord } from './records.js'
import { createRouteTemplates } from './route-template.js'
import { type Span, spanOf, text } from './span.js'

export interface Spans {
  observe(call: CallRecord): void
  /** Sends what is left, for a second at most. */
  close(): Promise<void>
}

export interface SpansOptions {
  /** Origin of the collector, with a path before `/v1/traces` if it has one. */
  endpoint: string
  version: string
  /** Called when spans begin to be lost, and not again before some have arrived. */
  onTrouble: (reason: string) => void
  fetch?: typeof globalThis.fetch
}

const batchMs = 5_000
const batchSpans = 512
/** What a collector that is away for a while may miss. */
const mostSpans = 4 * batchSpans
const patienceMs = 10_000
const closingMs = 1_000

/**
 * Sends one span per finished call to an OpenTelemetry collector, in batches (OTLP/HTTP with JSON, OTLP specification
 * 1.x). Written out here because the official exporter brings a dozen packages for one request every five seconds. No
 * call ever waits for it.
 */
export function createSpans({ endpoint, version, onTrouble, fetch = globalThis.fetch }: SpansOptions): Spans {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const routes = createRouteTemplates()
  const waiting: Span[] = []
  let sending: Promise<void> | undefined
  let isTroubled = false
  const timer = setInterval(() => void flush(patienceMs), batchMs)
  timer.unref()

  function flush(withinMs: number): Promise<void> {
    sending ??= send(waiting.splice(0, mostSpans), withinMs).finally(() => {
      sending = undefined
      // What came together meanwhile; a collector in trouble is left alone until it is time.
      if (!isTroubled && waiting.length >= batchSpans) void flush(patienceMs)
    })
    return sending
  }

  async function send(spans: Span[], withinMs: number): Promise<void> {
    if (spans.length === 0) return
    const trouble = await post(spans, withinMs).catch((error: Error) => {
      return error.name === 'TimeoutError' ? 'does not answer' : 'cannot be reached'
    })
    if (trouble !== undefined && !isTroubled) onTrouble(trouble)
    isTroubled = trouble !== undefined
  }

  /** Resolves with what went wrong, if anything did. */
  async function post(spans: Span[], withinMs: number): Promise<string | undefined> {
    const resource = { attributes: [text('service.name', 'sc-proxy'), text('service.version', version)] }
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'sc-proxy' }, spans }] }] }),
      redirect: 'manual',
      signal: AbortSignal.timeout(withinMs)
    })
    await answer.body?.cancel()
    return answer.ok ? undefined : `answered ${answer.status}`
  }

  return {
    observe(call) {
      const span = spanOf(call, routes.of(call.path, call.attempts > 0 && call.status !== 404))
      if (!span || waiting.length >= mostSpans) return
      waiting.push(span)
      if (waiting.length === batchSpans) void flush(patienceMs)
    },
    async close() {
      clearInterval(timer)
      const deadline = AbortSignal.timeout(closingMs)
      const late = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve()))
      await Promise.race([late, (sending ?? Promise.resolve()).then(() => flush(closingMs))])
    }
  }
}
