import { host, object, port, rule, secret } from './fields.js'
import { Type } from './type.js'

/** Where a listener is, and where it leads. */
export const door = {
  environment: Type.String({
    description:
      'Where requests go: emulator, sandbox2, production or a name from environments. Unless given, sandbox2 when it has credentials, else emulator.',
    minLength: 1,
    title: 'the name of an environment'
  }),
  host: host('Address to listen on.'),
  port: port('Port to listen on; 0 takes a free one.', 8080)
}

/** Whom a listener lets in, and how urgent their calls are. */
export const admission = {
  allowedHosts: Type.Array(
    Type.String({
      title: 'a host name, with a port or without',
      pattern: '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?$'
    }),
    { description: 'Names besides localhost under which clients may address the listener.', default: [] }
  ),
  allowedOrigins: Type.Array(
    Type.String({ title: 'an origin such as http://localhost:3000', pattern: '^[a-z][a-z0-9+.-]*://[^/?#@\\s]+$' }),
    { description: 'Origins whose web pages may use the listener.', default: [] }
  ),
  allowRemote: Type.Boolean({
    description: 'Allow a listener that other machines can reach without a client key.',
    default: false
  }),
  clientKey: Type.Optional(secret('The key every client must send.')),
  rules: object({
    allow: Type.Array(rule, {
      description:
        'The only requests let in, when any are listed: a path such as /v3/users/*, or a method and a path such as "GET /v3/**"; * stands for part of one segment, ** for anything.',
      default: []
    }),
    deny: Type.Array(rule, { description: 'Requests refused, whatever allow says; written alike.', default: [] })
  }),
  priority: Type.Integer({
    description: 'Urgency of the calls of this listener in the queue (RFC 9218): 0 goes first, 7 last.',
    default: 3,
    minimum: 0,
    maximum: 7
  })
}

/** One of several listeners. */
export const listener = object({
  ...door,
  access: Type.Enum(['read-write', 'read-only'], {
    description: 'read-only lets in only requests that change nothing.',
    default: 'read-write'
  }),
  ...admission
})
