import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { authenticate, authorize, callerKey } from './bearer.js'
import { addBodyParsers } from './body.js'
import { envelope, htmlPage, Refusal, unhandledException } from './envelope.js'
import { createHost, type Host, type HostOptions } from './host.js'
import { writeJson } from './json.js'
import { attachments } from './resources/attachments.js'
import { invoices } from './resources/invoices.js'
import { locations } from './resources/locations.js'
import { lookups } from './resources/lookups.js'
import { notes } from './resources/notes.js'
import { odata } from './resources/odata.js'
import type { ResourceOptions } from './resources/resource.js'
import { users } from './resources/users.js'
import { visits } from './resources/visits.js'
import { workOrders } from './resources/work-orders.js'
import { serveVersions } from './routing.js'
import type { Scenario } from './scenario-schema.js'
import { createThrottle } from './throttle.js'
import type { Tokens } from './tokens.js'
import { createTrouble } from './trouble.js'

export interface ApiOptions extends HostOptions, ResourceOptions {
  settings: Scenario['api']
  tokens: Tokens
  random: () => number
}

/** The API host. What happens to a call, in order. */
export function createApi(options: ApiOptions) {
  const { settings, tokens, now, random } = options
  const app = createHost(options)
  const trouble = createTrouble(settings.trouble, random)
  const throttle = createThrottle({ settings, now, random })

  app.decorateRequest(callerKey)
  app.addHook('onRequest', trouble.wayIn)
  app.addHook('onRequest', requireLength)
  app.addHook('onRequest', authenticate(tokens))
  app.addHook('onRequest', throttle.limit)
  app.addHook('onRequest', authorize(settings.deniedRoutes))
  app.addHook('onRequest', trouble.fail)
  addBodyParsers(app)
  serveVersions(app, (version) => serveResources(version, options))
  app.setErrorHandler(answerError)
  app.setReplySerializer((payload) => writeJson(payload))
  app.addHook('onSend', throttle.pace)
  app.addHook('onSend', trouble.wayBack)
  return app
}

function serveResources(app: Host, options: ResourceOptions): void {
  workOrders(app, options)
  notes(app, options)
  attachments(app, options)
  visits(app, options)
  locations(app, options)
  lookups(app, options)
  invoices(app, options)
  users(app, options)
  odata(app, options)
}

// IIS refuses a body of unstated length, an empty one included, before the application sees the call.
async function requireLength(request: FastifyRequest, reply: FastifyReply) {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (!['POST', 'PUT', 'PATCH'].includes(request.method) || length !== undefined || encoding !== undefined) return
  return reply.code(411).type('text/html').send(htmlPage('Length Required', '<h2>Length Required</h2>'))
}

async function answerError(error: FastifyError | Refusal, _request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof Refusal) return reply.code(error.status).send(envelope(error.code, error.message))
  if ((error.statusCode ?? 500) < 500) return reply.code(error.statusCode ?? 400).send({ Message: error.message })
  return reply.code(500).send(unhandledException(error.message))
}
