import type { FastifyInstance } from 'fastify'
import type { Exposition } from '../telemetry/instruments.js'

/** `GET /metrics`, as Prometheus asks for it. Holds names of environments and routes, and numbers. */
export async function expositionRoute(app: FastifyInstance, metrics: { expose(): Promise<Exposition> }): Promise<void> {
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await metrics.expose()
    return reply.header('cache-control', 'no-store').type(contentType).send(text)
  })
}
