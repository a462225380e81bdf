import Fastify, { type FastifyInstance } from 'fastify'
import { type Control, controlRoutes } from './control.js'
import { type Health, type HealthAnswer, liveness, readiness, startup } from './health.js'

/**
 * The listener beside the proxied ones, so that no path of ServiceChannel's is ever shadowed. The three probes answer
 * under any Host, since orchestrators call by address, and tell nothing that is worth hiding.
 */
export function createAdmin(health: Health, control?: Control): FastifyInstance {
  const app = Fastify({ return503OnClosing: false })
  const probe = (path: string, answer: () => HealthAnswer) =>
    app.get(path, async (_request, reply) => {
      const { status, body } = answer()
      return reply.code(status).header('cache-control', 'no-store').send(body)
    })
  probe('/startup', () => startup(health))
  probe('/readiness', () => readiness(health))
  probe('/liveness', () => liveness())
  if (control) app.register(controlRoutes, control)
  return app
}
