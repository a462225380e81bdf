import httpProxy from '@fastify/http-proxy'
import Fastify, { type FastifyInstance } from 'fastify'
import { ProxyError } from '../errors.js'
import type { Log } from '../telemetry/log.js'
import type { Recording } from '../telemetry/recording.js'
import type { CallObserver } from '../telemetry/records.js'
import type { Exchange } from '../upstream/exchange.js'
import { type Call, openCall } from './call.js'
import { createClientConnections } from './client-connections.js'
import { answerFailure, asProxyError } from './failure.js'
import { forward } from './forward.js'
import { createGuard, type GuardOptions } from './guard.js'
import { checkMessage } from './message.js'
import { createParserFailures } from './parser-failure.js'
import { answerPreflight, isPreflight } from './preflight.js'
import { answerStandInLogin, isStandInLogin } from './stand-in-login.js'

declare module 'fastify' {
  interface FastifyRequest {
    call: Call
  }
}

export interface ProxyOptions extends Omit<GuardOptions, 'apiHost'> {
  environment: string
  apiUrl: string
  /** RFC 9218 urgency, 0 (first) to 7 (last), of calls that do not state their own. */
  priority: number
  /** Is handed what to call whenever the configuration of the listener has changed; calls under way are not touched. */
  follow?: (change: (admission: Admission) => void) => void
  exchange: Exchange
  observe: CallObserver
  recording?: Recording | undefined
  log: Log
}

/** Who may come in, and how urgent their calls are: what may change while the listener is open. */
export type Admission = Omit<GuardOptions, 'apiHost' | 'host'> & { priority: number }

/** One listener, not yet listening. What happens to a request on this side is this list, in this order. */
export function createProxy(options: ProxyOptions): FastifyInstance {
  const apiHost = new URL(options.apiUrl).hostname
  let current = options
  let guard = createGuard({ ...options, apiHost })
  options.follow?.((admission) => {
    current = { ...options, clientKey: undefined, ...admission }
    guard = createGuard({ ...current, apiHost })
  })
  const connections = createClientConnections()
  const parserFailures = createParserFailures(connections, options.environment, options.log)
  const app = Fastify({
    // The router would decode, tidy or refuse targets that ServiceChannel understands; it has one route to offer anyway.
    rewriteUrl: () => '/',
    // Node answers a missing Host without a word of explanation; the guard has one.
    http: {
      maxHeaderSize: 128 * 1024,
      headersTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false
    },
    clientErrorHandler: parserFailures.failed,
    // While draining, the queue decides who is still served.
    return503OnClosing: false
  })

  // Beyond its own limit Node drops headers without telling, Content-Length and with it the body among them.
  app.server.maxHeadersCount = 0
  app.server.on('connect', parserFailures.connectAsked)

  app.decorateRequest('call')
  // Hooks with a callback and not a promise: three promises a call would cost as much as everything that is done here.
  app.addHook('onRequest', (request, reply, next) => {
    if (connections.isLast(request.raw.socket)) return void reply.hijack()
    request.call = openCall(request.raw, reply.raw, current)
    connections.watch(request.call)
    // At once: what came in the same packet is looked at before this function has returned to anyone.
    checkMessage(request.call)
    // Fastify refuses types it cannot parse. Bodies pass through unread, so it need not look; rawHeaders keep the type.
    if (request.raw.headers['content-type'] !== undefined) request.raw.headers['content-type'] = undefined
    next()
  })

  app.addHook('onRequest', ({ call }, _reply, next) => {
    guard(call)
    next()
  })

  app.addHook('onRequest', ({ call }, reply, next) => {
    if (isPreflight(call)) answerPreflight(call)
    else if (isStandInLogin(call)) answerStandInLogin(call, current.clientKey)
    else return next()
    reply.hijack()
  })

  app.removeAllContentTypeParsers()
  app.register(httpProxy, {
    upstream: options.apiUrl,
    // The plugin's own agent would verify no certificate; it is never made, and the handler never asks for one.
    globalAgent: true,
    // Not its handler: that is called only after the plugin has built URLs for an address of its own.
    preHandler: ({ call }, reply) => {
      reply.hijack()
      forward(call, options.exchange, options.apiUrl).catch((error) => fail(call, error))
    }
  })

  app.setNotFoundHandler(({ call }, reply) => {
    reply.hijack()
    fail(call, new ProxyError('method_not_supported', `The method ${call.method} is not one of the API's.`))
  })

  app.setErrorHandler((error, { call }, reply) => {
    reply.hijack()
    fail(call, error)
  })

  function fail(call: Call, error: unknown): void {
    const failure = asProxyError(error)
    if (failure.code === 'internal')
      options.log.error({ err: failure.cause, id: call.id }, 'a call failed in a way the proxy does not know')
    try {
      answerFailure(call, failure)
    } catch (cause) {
      options.log.error({ err: cause, id: call.id }, 'a failure could not be told to its client')
      call.response.destroy()
    }
  }

  return app
}
