import type { Static, TProperties } from 'typebox'
import { type Quota, serviceChannelEnvironments } from '../servicechannel/environments.js'
import { credentials } from './credentials.js'
import { ca, host, object, origin, port, quota, seconds, tlsVersion } from './fields.js'
import { inspector } from './inspector.js'
import { admission, door, listener } from './listener.js'
import { redis } from './redis.js'
import { Type } from './type.js'

/*
 * The single truth about every setting. Types, validation, flags, environment variables, help, the README table and
 * config/schema.json are all derived from here; `title` says what is expected where the other keywords cannot,
 * `writeOnly` marks a secret (which may also come from `…File`), `contentMediaType` what only ever comes from a file.
 */

const { sandbox2, production } = serviceChannelEnvironments

/** The quota of an environment of one's own that names none. */
export const ownQuota: Quota = { calls: 300, windowSeconds: 60 }

const inWords = (allowed?: Quota) => (allowed ? `${allowed.calls} in ${allowed.windowSeconds} s` : 'none')

const environment = object({
  apiUrl: origin('Origin of the API; known for sandbox2 and production.'),
  loginUrl: origin('Origin of the login server; known for sandbox2 and production.'),
  ca: ca('A CA (PEM or DER) trusted in this environment, besides the well-known ones and the one trusted in all.'),
  quota: quota(
    `What the client id may do: ${inWords(sandbox2.quota)} in sandbox2, ${inWords(production.quota)} in production, else ${inWords(ownQuota)}.`
  ),
  companyQuota: Type.Optional(
    quota(
      `What all client ids of the company may do: ${inWords(sandbox2.companyQuota)} in sandbox2, ${inWords(production.companyQuota)} in production, else no limit.`
    )
  ),
  credentials
})

const network = {
  upstreamProxy: Type.Optional(
    Type.String({
      description: 'HTTP proxy on the way to ServiceChannel, for login and API alike; else HTTPS_PROXY.',
      title: 'an http:// or https:// URL without a path, such as http://127.0.0.1:8888',
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]+/?$'
    })
  ),
  noProxy: Type.Optional(
    Type.String({
      description: 'Hosts reached without the upstream proxy, separated by commas; else NO_PROXY.',
      minLength: 1
    })
  ),
  tls: object({
    minVersion: tlsVersion('Oldest TLS version spoken to ServiceChannel.'),
    maxVersion: tlsVersion('Newest TLS version spoken to ServiceChannel.')
  }),
  timeouts: object({
    connectSeconds: seconds('Seconds to wait for a connection, be it a new one or one of a full pool.', 10),
    headersSeconds: seconds('Seconds to wait for an answer to begin.', 120),
    bodySeconds: seconds('Seconds that may pass between two pieces of an answer, or of a request.', 120),
    loginSeconds: seconds('Seconds one login may take.', 30)
  }),
  pool: object({
    connections: Type.Integer({
      description: 'The most connections to one origin.',
      default: 64,
      minimum: 1,
      maximum: 10_000
    })
  })
}

const waiting = {
  queue: object({
    maxCalls: Type.Integer({
      description: 'The most calls that may wait.',
      default: 1000,
      minimum: 1,
      maximum: 1_000_000
    }),
    maxWaitSeconds: seconds('The most seconds a call may wait; one that would wait longer is refused at once.', 120)
  })
}

const operation = {
  admin: object({
    enabled: Type.Boolean({
      description: 'Serve the inspector and the health checks, on a listener of their own.',
      default: true
    }),
    host: host('Address of the admin listener.'),
    port: port('Port of the admin listener; 0 takes a free one.', 8081),
    allowQuit: Type.Boolean({
      description: 'Let whoever reaches the admin listener stop the proxy with POST /api/quit, as sc-proxy quit does.',
      default: false
    })
  }),
  inspector,
  openapi: Type.Optional(
    Type.String({
      description:
        'What describes the API to the explorer and to sc-proxy postman, Swagger 2.0 or OpenAPI 3 in JSON; unless given, the description of the emulator.',
      title: 'the path of a file, or an http:// or https:// URL without user name',
      pattern: '^(?![Hh][Tt][Tt][Pp][Ss]?://[^/?#]*@).'
    })
  ),
  shutdown: object({
    drainSeconds: Type.Number({
      description: 'Seconds that calls have to finish after the stop signal.',
      default: 25,
      minimum: 0,
      maximum: 86400
    }),
    delaySeconds: Type.Number({
      description:
        'Seconds that everything is still served after the stop signal, readiness being red: time for a load balancer to notice.',
      default: 0,
      minimum: 0,
      maximum: 86400
    })
  }),
  log: object({
    level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
      description: 'The least important log lines that are written.',
      default: 'info'
    }),
    format: Type.Enum(['auto', 'pretty', 'json'], {
      description: 'How log lines are written; auto is pretty on a terminal and json elsewhere.',
      default: 'auto'
    })
  }),
  tracing: object({
    endpoint: Type.Optional(
      Type.String({
        description: 'Collector to which one span per call is sent (OTLP over HTTP, JSON); none are made unless given.',
        title: 'an http:// or https:// URL without query, such as http://127.0.0.1:4318',
        pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^?#\\s@]+$'
      })
    )
  }),
  stateDir: Type.Optional(
    Type.String({
      description:
        'Folder for what must survive a restart: how much of each quota is used. Unless given, sc-proxy in the folder the system has for that; "none" keeps nothing.',
      minLength: 1,
      title: 'the path of a folder, or none'
    })
  ),
  emulator: object({
    scenario: Type.String({
      description: 'What the emulator plays: calm, throttled, expiring-tokens, flaky or a file of your own.',
      default: 'calm',
      minLength: 1
    }),
    apiPort: port('Port of the API of the emulator; 0 takes a free one.', 0),
    loginPort: port('Port of the login server of the emulator; 0 takes a free one.', 0),
    writeCa: Type.Optional(
      Type.String({
        description: 'File into which sc-proxy emulate writes its certificate authority, for caFile.',
        minLength: 1
      })
    )
  })
}

const listeners = Type.Array(listener, {
  description: 'The listeners, one per environment, when there is more to say than about a single one.',
  minItems: 1,
  title: 'a list of at least one listener'
})

const environments = Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$' }), environment, {
  title: 'a map of environments by name',
  description: 'Environments by name: changes to sandbox2 and production, and any of your own.',
  additionalProperties: false
})

/** The settings as the file nests them, in the order in which help and README show them. */
export const sections = {
  'The listener': {
    ...door,
    readOnly: Type.Boolean({ description: 'Let in only requests that change nothing.', default: false }),
    ...admission
  },
  'The login': credentials.properties,
  'The way to ServiceChannel': {
    ca: ca('A CA (PEM or DER) trusted in every environment, such as that of Fiddler or of a corporate proxy.'),
    ...network
  },
  'The queue': waiting,
  'The process': operation,
  'Several proxies': { redis },
  'Several listeners and environments': {
    listeners,
    environments
  }
}

/** What a file holds, a flag or a variable gives. */
export const settings = object(Object.assign({}, ...Object.values(sections)) as TProperties)

/** What comes of it. */
export const effective = object({ listeners, environments, ...network, ...waiting, ...operation, redis })

/** One listener with every default filled in. */
export type Listener = Static<typeof listener>

/** One environment a listener uses. `ca` holds the certificates themselves (PEM). */
export interface Environment extends Static<typeof environment> {
  name: string
}

/**
 * What the process runs on: validated, every default filled in, every secret file read. `environments` holds those a
 * listener uses, except `emulator`, which has neither addresses nor credentials: the process brings its own.
 */
export interface Config extends Static<typeof effective> {
  environments: Record<string, Environment>
}
