import type { FastifyReply, FastifyRequest } from 'fastify'
import { envelope, errorCodes } from './envelope.js'
import { writeJson } from './json.js'
import type { Owner, Tokens } from './tokens.js'

/** Under this name a request carries the owner of its token. */
export const callerKey = Symbol('caller')

/** The client and user a request was made for; known after `authenticate`. */
export function callerOf(request: FastifyRequest): Owner {
  return request.getDecorator<Owner>(callerKey)
}

/**
 * The onRequest hook that checks `Authorization: Bearer`. A missing, malformed, unknown or expired token gets the very
 * answer that a missing permission gets: 401 with code 504. That likeness is ServiceChannel's, and clients must cope.
 */
export function authenticate(tokens: Tokens) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const owner = token && tokens.ownerOfAccess(token)
    if (!owner) return refuse(reply)
    request.setDecorator(callerKey, owner)
  }
}

/** The onRequest hook that refuses routes the user has no right to, given as `GET /odata/users`; `*` is one segment. */
export function authorize(deniedRoutes: string[]) {
  const denied = deniedRoutes.map((route) => {
    const [method, path = ''] = route.split(' ')
    const pattern = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]+')
    return { method, path: new RegExp(`^(/v\\d+)?${pattern}$`, 'i') }
  })
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (denied.some((route) => route.method === request.method && route.path.test(path))) return refuse(reply)
  }
}

function refuse(reply: FastifyReply) {
  const body = envelope(errorCodes.security, 'API call rejected by security permissions')
  return reply.code(401).type('application/json; charset=utf-8').send(writeJson(body))
}
