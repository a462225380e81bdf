import Fastify, { type FastifyInstance } from 'fastify'
import { ProxyError, problemBody } from '../errors.js'
import { type AdminGuardOptions, createAdminGuard } from './guard.js'
import { type Health, type HealthAnswer, liveness, readiness, startup } from './health.js'

/** The listener beside the proxied ones, so that no path of ServiceChannel's is ever shadowed. */
export function createAdmin(health: Health, options: AdminGuardOptions): FastifyInstance {
  const app = Fastify({ return503OnClosing: false })
  const guard = createAdminGuard(options)
  app.addHook('onRequest', async ({ raw }) => guard(raw))
  app.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof ProxyError)) throw error
    const headers = { 'content-type': 'application/problem+json', 'x-sc-proxy-error': error.code }
    return reply.code(error.status).headers(headers).send(problemBody(error))
  })

  const probe = (path: string, answer: () => HealthAnswer) =>
    app.get(path, async (_request, reply) => {
      const { status, body } = answer()
      return reply.code(status).header('cache-control', 'no-store').send(body)
    })
  probe('/startup', () => startup(health))
  probe('/readiness', () => readiness(health))
  probe('/liveness', () => liveness())
  return app
}
