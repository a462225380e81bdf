import type { FastifyInstance, FastifyReply } from 'fastify'
import { describeStatus, type StatusSource } from './status.js'
import { strangeVisitor } from './visitor.js'

/** What the commands of a second terminal ask of the running proxy. */
export interface Control {
  status: StatusSource
  /** Begins the shutdown; undefined when the configuration does not allow it from here. */
  quit: (() => void) | undefined
}

/** `GET /api/status` and `POST /api/quit`. Unlike the probes they are for programs of this machine, not for web pages. */
export async function controlRoutes(app: FastifyInstance, { status, quit }: Control): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    const strange = strangeVisitor(request.raw)
    if (strange !== undefined) return problem(reply, 403, strange)
  })

  app.get('/api/status', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send(describeStatus(status))
  )

  app.post('/api/quit', async (_request, reply) => {
    if (!quit) return problem(reply, 403, 'Start the proxy with --admin-allow-quit (admin.allowQuit) to stop it so.')
    // The answer first: after it the connection may end at any time.
    reply.raw.once('close', quit)
    return reply.code(202).send({ status: 'stopping' })
  })
}

function problem(reply: FastifyReply, status: number, detail: string) {
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title: 'Refused', status, detail })
}
