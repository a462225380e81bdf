import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { detailOf, summaryOf } from './call-view.js'
import { createEvents } from './events.js'
import { harOf } from './har.js'
import { pageRoutes } from './pages.js'
import type { Recorder } from './recorder.js'
import { type Dialled, type Edits, repeat, sendAgain } from './replay.js'
import type { ShownCall } from './shown-call.js'
import { historyState, quotaState, type StateSources, sessionState } from './state.js'
import { createTokenCheck } from './token-check.js'

export interface InspectorOptions {
  /** Undefined when nothing is recorded. */
  recorder: Recorder | undefined
  /** What whoever wants to see bodies or to change something has to show. */
  token: string
  sources: StateSources
  /** How to call a listener of ours, by its place in the configuration. */
  dial(listener: number): Dialled | undefined
}

/** A fault of the one who asks, told as problem document (RFC 9457). */
class Refusal extends Error {
  readonly status: number

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

const tokenWanted =
  'Headers, bodies and changes are for whoever has the token: open the address the proxy printed when it started, or send Authorization: Bearer TOKEN.'

/** The page at `/` and its API, behind the guard of the admin listener. */
export async function inspectorRoutes(app: FastifyInstance, options: InspectorOptions): Promise<void> {
  const { recorder, sources, dial } = options
  const hasToken = createTokenCheck(options.token)

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refusal) return problem(reply, error.status, error.message)
    if (error.statusCode !== undefined && error.statusCode < 500) return problem(reply, error.statusCode, error.message)
    throw error
  })
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cross-origin-resource-policy', 'same-origin')
  })
  pageRoutes(app)

  const withToken = {
    onRequest: async ({ headers }: FastifyRequest) => {
      if (!hasToken(headers.authorization)) throw new Refusal(401, tokenWanted)
    }
  }
  const recording = () => (recorder ? { enabled: true, ...recorder.stats() } : { enabled: false })
  const state = () => ({
    quota: quotaState(sources),
    session: sessionState(sources),
    history: historyState(sources),
    recording: recording()
  })

  app.get('/api/quota', async (_request, reply) => fresh(reply).send(quotaState(sources)))
  app.get('/api/session', async (_request, reply) => fresh(reply).send(sessionState(sources)))
  app.get('/api/calls', async (request, reply) => {
    const { text } = request.query as { text?: string }
    // What is searched is what the token guards.
    if (text !== undefined) await withToken.onRequest(request)
    const calls = text === undefined || !recorder ? (recorder?.glances() ?? []) : await holding(recorder, text)
    return fresh(reply).send({ recording: recording(), calls: calls.map(summaryOf) })
  })
  if (!recorder) {
    const events = createEvents({ recorder: { watch: () => () => {}, glance: () => undefined }, state })
    app.get('/api/events', noHead, (_request, reply) => events.join(reply.hijack().raw))
    return
  }

  const events = createEvents({ recorder, state })
  app.get('/api/events', noHead, (_request, reply) => events.join(reply.hijack().raw))

  const gone = (id: string) => new Refusal(404, `There is no call ${id}, or no longer.`)
  const known = async (id: string): Promise<ShownCall> => {
    const call = await recorder.look(Number(id))
    if (!call) throw gone(id)
    return call
  }
  app.get<{ Params: { id: string } }>('/api/calls/:id', withToken, async ({ params }, reply) =>
    fresh(reply).send(detailOf(await known(params.id)))
  )

  app.get<{ Querystring: { ids?: string } }>('/api/har', withToken, async ({ query }, reply) => {
    const missing = query.ids?.split(',').find((id) => !recorder.glance(Number(id)))
    if (missing !== undefined) throw gone(missing)
    const wanted = query.ids?.split(',').map(Number) ?? numbersOf(recorder)
    const urlOf = (listener: number) => sources.listeners()[listener]?.url ?? ''
    return fresh(reply)
      .header('content-disposition', 'attachment; filename="sc-proxy.har"')
      .send(await harOf(recorder.lookThrough(wanted), { version: sources.version, urlOf }))
  })

  app.post<{ Params: { id: string }; Body: Edits | null }>(
    '/api/calls/:id/replay',
    { ...withToken, bodyLimit: 8 * 1024 * 1024 },
    async ({ params, body }, reply) => {
      const call = await known(params.id)
      const repeated = repeat(call, body ?? {})
      if (typeof repeated === 'string') throw new Refusal(409, repeated)
      const to = dial(call.opened.listener)
      if (!to) throw new Refusal(409, 'The listener of this call is not open.')
      return reply.code(202).send({ id: await sendAgain(repeated, to, call.number, recorder) })
    }
  )

  app.post('/api/clear', withToken, async (_request, reply) => {
    recorder.clear()
    events.say('cleared', {})
    return reply.code(204).send()
  })
  app.post<{ Body: { paused?: boolean } | null }>('/api/recording', withToken, async ({ body }, reply) => {
    if (typeof body?.paused !== 'boolean') throw new Refusal(400, 'Send {"paused": true} or {"paused": false}.')
    recorder.pause(body.paused)
    events.say('recording', recording())
    return reply.send(recording())
  })
}

/** A stream without its events would only be held open. */
const noHead = { exposeHeadRoute: false }

function fresh(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store')
}

function problem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return fresh(reply)
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title: 'Refused', status, detail })
}

const numbersOf = (recorder: Recorder) => recorder.glances().map(({ number }) => number)

async function holding(recorder: Recorder, text: string): Promise<ShownCall[]> {
  const found: ShownCall[] = []
  for await (const call of recorder.lookThrough(numbersOf(recorder))) if (holds(call, text)) found.push(call)
  return found
}

/** Is the text in the target, a header or a body, whatever its case? */
function holds({ opened, requestHeaders, answer, requestBody, responseBody }: ShownCall, text: string): boolean {
  const wanted = text.toLowerCase()
  const fields = [...requestHeaders, ...(answer?.headers ?? [])].map(({ name, value }) => `${name}: ${value}`)
  const bodies = () => [requestBody, responseBody].map(({ bytes }) => bytes.toString())
  const isIn = (part: string) => part.toLowerCase().includes(wanted)
  return [opened.target, ...fields].some(isIn) || bodies().some(isIn)
}
