import type { FastifyInstance } from 'fastify'
import { ProxyError } from '../errors.js'
import { describeStatus, type StatusSource } from './status.js'

/** What the commands of a second terminal ask of the running proxy. */
export interface Control {
  status: StatusSource
  /** Begins the shutdown; undefined when the configuration does not allow it from here. */
  quit: (() => void) | undefined
}

/** `GET /api/status` and `POST /api/quit`. */
export async function controlRoutes(app: FastifyInstance, { status, quit }: Control): Promise<void> {
  app.get('/api/status', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send(describeStatus(status))
  )

  app.post('/api/quit', async (_request, reply) => {
    if (!quit) {
      throw new ProxyError(
        'quit_not_allowed',
        'Start the proxy with --admin-allow-quit (admin.allowQuit) to stop it so.'
      )
    }
    // The answer first: after it the connection may end at any time.
    reply.raw.once('close', quit)
    return reply.code(202).send({ status: 'stopping' })
  })
}
