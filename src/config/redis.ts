import { ca, object, secret } from './fields.js'
import { Type } from './type.js'

/** What several proxies with the same client id share their quota and token through. */
export const redis = object({
  url: Type.Optional(
    Type.String({
      description:
        'Redis or Valkey through which all proxies with the same client id share quota and token; unless given, each is alone.',
      title: 'a redis:// or rediss:// URL without user name and password, such as redis://127.0.0.1:6379/0',
      pattern: '^[Rr][Ee][Dd][Ii][Ss][Ss]?://[^/?#@\\s]+(/[0-9]{0,4})?$'
    })
  ),
  username: Type.Optional(Type.String({ description: 'The user Redis knows the proxy as.', minLength: 1 })),
  password: Type.Optional(secret('The password of that user, or of Redis.')),
  ca: ca('A CA trusted for rediss://, besides the well-known ones.'),
  keyPrefix: Type.String({
    description: 'What the names of all keys in Redis begin with.',
    default: 'sc-proxy',
    minLength: 1,
    title: 'text without spaces and braces',
    pattern: '^[^\\s{}]+$'
  }),
  maxReplicas: Type.Integer({
    description: 'The most proxies there are at a time; each keeps its part of the safe share.',
    default: 8,
    minimum: 1,
    maximum: 10_000
  }),
  safeSharePercent: Type.Integer({
    description:
      'How much of the quota is kept for the time without Redis, in percent, in equal parts for maxReplicas proxies.',
    default: 25,
    minimum: 0,
    maximum: 100
  })
})
