import { type Static, type TProperties, Type } from 'typebox'

/*
 * The single truth about every setting. Types, validation, flags, environment variables, help, the README table and
 * config/schema.json are all derived from here; `title` says what is expected where the other keywords cannot,
 * `writeOnly` marks a secret (which may also come from `…File`), `contentMediaType` what only ever comes from a file.
 */

const object = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description && { description }) })

const host = (description: string) =>
  Type.String({
    description,
    default: '127.0.0.1',
    title: 'a host name or an IP address, without a port',
    pattern: '^([A-Za-z0-9._-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$'
  })

const port = (description: string, preset: number) =>
  Type.Integer({ description, default: preset, minimum: 0, maximum: 65535 })

const origin = (description: string) =>
  Type.String({
    description,
    title: 'an https:// origin such as https://api.example.com, without path, query or user name',
    pattern: '^[Hh][Tt][Tt][Pp][Ss]://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$'
  })

const secret = (description: string) => Type.String({ description, minLength: 1, writeOnly: true })

const seconds = (description: string, preset: number) =>
  Type.Number({ description, default: preset, exclusiveMinimum: 0, maximum: 86400 })

const quota = (description: string) =>
  object(
    {
      calls: Type.Integer({ description: 'Calls that fit into one window.', minimum: 1, maximum: 1_000_000 }),
      windowSeconds: Type.Number({ description: 'Seconds the window lasts.', exclusiveMinimum: 0, maximum: 86400 })
    },
    description
  )

const tlsVersion = (description: string) => Type.Enum(['TLSv1.2', 'TLSv1.3'], { description, default: 'TLSv1.2' })

const rule = Type.String({
  title: 'a path, or a method and a path, such as "GET /v3/*"',
  pattern: '^([A-Za-z]+ )?/\\S*$'
})

const listener = object({
  environment: Type.String({
    description:
      'Where requests go: emulator, sandbox2, production or one of environments. Unless said, sandbox2 once there are credentials for it, and emulator before.',
    minLength: 1,
    title: 'the name of an environment'
  }),
  host: host('Address to listen on.'),
  port: port('Port to listen on; 0 takes a free one.', 8080),
  access: Type.Enum(['read-write', 'read-only'], {
    description: 'read-only lets in only requests that change nothing.',
    default: 'read-write'
  }),
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
    description: 'Listen beyond this machine without a client key.',
    default: false
  }),
  clientKey: Type.Optional(secret('The key every client must send.')),
  rules: object({
    allow: Type.Array(rule, { description: 'The only requests let in, when any are listed.', default: [] }),
    deny: Type.Array(rule, { description: 'Requests refused, whatever allow says.', default: [] })
  }),
  priority: Type.Integer({
    description: 'Urgency of the calls of this listener in the queue (RFC 9218): 0 goes first, 7 last.',
    default: 3,
    minimum: 0,
    maximum: 7
  })
})

const credentials = object({
  clientId: Type.String({ description: 'The client id ServiceChannel gave the application.', minLength: 1 }),
  clientSecret: secret('The client secret that belongs to the client id.'),
  username: Type.String({ description: 'The ServiceChannel user the calls are made as.', minLength: 1 }),
  password: secret('The password of that user.')
})

const ca = (description: string) =>
  Type.Optional(Type.String({ description, contentMediaType: 'application/x-pem-file' }))

const environment = object({
  apiUrl: origin('Origin of the API; known for sandbox2 and production.'),
  loginUrl: origin('Origin of the login server; known for sandbox2 and production.'),
  ca: ca('A CA trusted in this environment, besides the well-known ones.'),
  quota: quota('What ServiceChannel allows the client id: 40 in 60 s in sandbox2, else 300 in 60 s.'),
  companyQuota: Type.Optional(
    quota('What it allows all client ids of the company: 80 in 60 s in sandbox2, 600 in 60 s in production.')
  ),
  credentials
})

const { access: _, ...sameInShort } = listener.properties

/** Settings of the whole process. */
const network = {
  upstreamProxy: Type.Optional(
    Type.String({
      description: 'HTTP proxy on the way to ServiceChannel, for login and API alike; else HTTPS_PROXY.',
      title: 'an http:// or https:// URL without a path, such as http://127.0.0.1:8888',
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]+/?$'
    })
  ),
  noProxy: Type.Optional(
    Type.String({ description: 'Hosts reached without that proxy, separated by commas; else NO_PROXY.', minLength: 1 })
  ),
  tls: object({
    minVersion: tlsVersion('Oldest TLS version spoken to ServiceChannel.'),
    maxVersion: tlsVersion('Newest TLS version spoken to ServiceChannel.')
  }),
  timeouts: object({
    connectSeconds: seconds('Seconds until a connection must stand.', 10),
    headersSeconds: seconds('Seconds until the answer must begin.', 120),
    bodySeconds: seconds('Seconds that may pass between two pieces of the answer.', 120),
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
    enabled: Type.Boolean({ description: 'Serve health, metrics and the inspector.', default: true }),
    host: host('Address of the admin listener.'),
    port: port('Port of the admin listener; 0 takes a free one.', 8081)
  }),
  shutdown: object({
    drainSeconds: Type.Number({
      description: 'Seconds that calls have to finish after the stop signal.',
      default: 25,
      minimum: 0,
      maximum: 86400
    })
  }),
  log: object({
    level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
      description: 'The least important lines that are written.',
      default: 'info'
    }),
    format: Type.Enum(['auto', 'pretty', 'json'], {
      description: 'How they are written; auto is pretty on a terminal and json elsewhere.',
      default: 'auto'
    })
  }),
  emulator: object({
    scenario: Type.String({ description: 'The troubles the emulator plays.', default: 'calm', minLength: 1 })
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
    environment: listener.properties.environment,
    host: listener.properties.host,
    port: listener.properties.port,
    readOnly: Type.Boolean({ description: 'Let in only requests that change nothing.', default: false }),
    ...sameInShort
  },
  'The login': credentials.properties,
  'The way to ServiceChannel': {
    ca: ca('A CA trusted in every environment that names none of its own.'),
    ...network
  },
  'The queue': waiting,
  'The process': operation,
  'Several listeners and environments': {
    listeners,
    environments
  }
}

/** What a file holds, a flag or a variable gives. */
export const settings = object(Object.assign({}, ...Object.values(sections)) as TProperties)

/** What comes of it. */
export const effective = object({ listeners, environments, ...network, ...waiting, ...operation })

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
