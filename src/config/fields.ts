import type { TProperties } from 'typebox'
import { Type } from './type.js'

/* The kinds of values settings have. */

/** An object that holds these keys and no others. */
export const object = <P extends TProperties>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description && { description }) })

/** Where to listen; loopback by default. */
export const host = (description: string) =>
  Type.String({
    description,
    default: '127.0.0.1',
    title: 'a host name or an IP address, without a port',
    pattern: '^([A-Za-z0-9._-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$'
  })

/** A TCP port, 0 for a free one. */
export const port = (description: string, preset: number) =>
  Type.Integer({ description, default: preset, minimum: 0, maximum: 65535 })

/** Scheme, host and port of a server reached over TLS (RFC 6454). A closing slash is forgiven. */
export const origin = (description: string) =>
  Type.String({
    description,
    title: 'an https:// origin such as https://api.example.com, without path, query or user name',
    pattern: '^[Hh][Tt][Tt][Pp][Ss]://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$'
  })

/** A value that is never shown and never taken from the command line. */
export const secret = (description: string) => Type.String({ description, minLength: 1, writeOnly: true })

/** The path of a file that is not read with the configuration; relative ones count from where they are given. */
export const file = (description: string) => Type.String({ description, minLength: 1, title: 'the path of a file' })

/** A length of time; at most a day, which timers can hold. */
export const seconds = (description: string, preset: number) =>
  Type.Number({ description, default: preset, exclusiveMinimum: 0, maximum: 86400 })

/** How many calls fit into how many seconds. */
export const quota = (description: string) =>
  object(
    {
      calls: Type.Integer({ description: 'Calls that fit into one window.', minimum: 1, maximum: 1_000_000 }),
      windowSeconds: Type.Number({ description: 'Seconds the window lasts.', exclusiveMinimum: 0, maximum: 86400 })
    },
    description
  )

/** TLS 1.2 by default, as ServiceChannel demands. */
export const tlsVersion = (description: string) =>
  Type.Enum(['TLSv1.2', 'TLSv1.3'], { description, default: 'TLSv1.2' })

/** One entry of an allow or deny list: a path, after a method and one space if only that method is meant. */
export const rule = Type.String({
  title: 'a path, or a method and a path, such as "GET /v3/*"',
  pattern: '^([A-Za-z]+ )?/\\S*$'
})

/** Certificates, as PEM, which only ever come from a file. */
export const ca = (description: string) =>
  Type.Optional(Type.String({ description, contentMediaType: 'application/x-pem-file' }))
