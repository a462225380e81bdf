import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Host } from './host.js'

const verbs = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/**
 * Serves the resources under `/v3` and without a version, which means the lowest supported one and is 3 today. A known
 * path with another version gets 400, with a verb it lacks 405, both with ServiceChannel's `UnsupportedApiVersion`.
 */
export function serveVersions(app: Host, resources: (app: Host) => void): void {
  app.register(async (version3: Host) => withEveryVerb(version3, resources), { prefix: '/v3' })
  app.register(async (unversioned: Host) => withEveryVerb(unversioned, resources))
  app.register(
    async (others: Host) => {
      others.addHook('onRequest', wrongVersion)
      withEveryVerb(others, resources)
    },
    { prefix: '/:version(^v\\d+$)' }
  )
}

/** The 404 of ASP.NET Web API, which has no error envelope. */
export async function noResource(request: FastifyRequest, reply: FastifyReply) {
  return reply
    .code(404)
    .send({ Message: `No HTTP resource was found that matches the request URI '${addressOf(request)}'.` })
}

function withEveryVerb(app: Host, resources: (app: Host) => void): void {
  const known = new Map<string, string[]>()
  app.addHook('onRoute', ({ routePath, method }) => {
    known.set(routePath, [...(known.get(routePath) ?? []), ...[method].flat()])
  })
  resources(app)
  for (const [url, methods] of [...known]) {
    app.route({
      url,
      method: verbs.filter((verb) => !methods.includes(verb)),
      handler: async (request, reply) => {
        const message = `The requested resource does not support HTTP method '${request.method}'.`
        return reply.code(405).header('allow', methods.join(', ')).send(unsupported(request, message))
      }
    })
  }
}

async function wrongVersion(request: FastifyRequest, reply: FastifyReply) {
  const message = `The HTTP resource that matches the request URI '${addressOf(request)}' is not supported.`
  return reply.code(400).send(unsupported(request, message))
}

function unsupported(request: FastifyRequest, message: string) {
  const inner = `No route providing a controller with the requested version was found to match '${addressOf(request)}'.`
  return { Error: { Code: 'UnsupportedApiVersion', Message: message, InnerError: { Message: inner } } }
}

// As the service behind the TLS terminator sees it.
function addressOf(request: FastifyRequest): string {
  return `http://${request.host}${request.url}`
}
