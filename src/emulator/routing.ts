import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Host } from './host.js'

/**
 * Serves the resources under `/v3` and without a version, which means the lowest supported one and is 3 today. A known
 * path with another version gets 400, with a verb it lacks 405, both with ServiceChannel's `UnsupportedApiVersion`; an
 * unknown one gets the 404 of ASP.NET Web API, which has no error envelope.
 */
export function serveVersions(app: Host, resources: (app: Host) => void): void {
  const methodsOf = new Map<string, string[]>()
  app.register(
    async (version3: Host) => {
      version3.addHook('onRoute', ({ routePath, method }) => {
        methodsOf.set(routePath, [...(methodsOf.get(routePath) ?? []), ...[method].flat()])
      })
      resources(version3)
    },
    { prefix: '/v3' }
  )
  app.register(async (unversioned: Host) => resources(unversioned))

  app.setNotFoundHandler(async (request, reply) => {
    const { version, path } = splitVersion(request.url)
    const known = [...methodsOf].find(([route]) => patternOf(route).test(path))
    if (!known)
      return reply
        .code(404)
        .send({ Message: `No HTTP resource was found that matches the request URI '${uriOf(request)}'.` })
    if (version !== '3') return unsupported(request, reply.code(400), `'${uriOf(request)}' is not supported.`)
    reply.code(405).header('allow', known[1].join(', '))
    return unsupported(request, reply, `The requested resource does not support HTTP method '${request.method}'.`)
  })
}

function splitVersion(url: string): { version: string; path: string } {
  const path = (url.split('?', 1)[0] ?? '').replace(/\/{2,}/g, '/')
  const [prefix = '', version = '3'] = /^\/v(\d+)(?=\/)/i.exec(path) ?? []
  return { version, path: path.slice(prefix.length) }
}

// Routes are written as `/workorders/:id(^\d+$)/notes`; only what stands between `(^` and `)` is an expression.
function patternOf(route: string): RegExp {
  const parts = route.split(/:\w+\(\^(.+?)\$?\)/)
  const source = parts.map((part, index) => (index % 2 ? part : part.replace(/[.()$]/g, '\\$&'))).join('')
  return new RegExp(`^${source}$`, 'i')
}

function unsupported(request: FastifyRequest, reply: FastifyReply, message: string) {
  const inner = `No route providing a controller with the requested version was found to match '${uriOf(request)}'.`
  return reply.send({ Error: { Code: 'UnsupportedApiVersion', Message: message, InnerError: { Message: inner } } })
}

// As the service behind the TLS terminator sees it.
function uriOf(request: FastifyRequest): string {
  return `http://${request.host}${request.url}`
}
