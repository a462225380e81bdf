import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type FastifyInstance, fastify } from 'fastify'
import type { Certificates } from './certificates.js'
import type { Scenario } from './scenario-schema.js'

export type Host = FastifyInstance<Server>

export interface HostOptions {
  certificates: Certificates
  tls: Scenario['tls']
  /** Wall clock in milliseconds; the Date header follows it. */
  now: () => number
}

/**
 * An HTTPS server with the habits of ASP.NET: paths and query names in any case, doubled slashes allowed. Query names
 * arrive in lower case; of repeated ones the last is kept.
 */
export function createHost({ certificates: { cert, key }, tls, now }: HostOptions): Host {
  const app = fastify({
    https: { cert, key, minVersion: 'TLSv1.2', maxVersion: tls },
    forceCloseConnections: true,
    bodyLimit: 32 * 1024 * 1024,
    routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true, querystringParser: readQuery }
  })
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('date', new Date(now()).toUTCString())
  })
  return app
}

/** Starts to listen (port 0: any free one) and returns the origin. */
export async function listen(app: Host, host: string, port: number): Promise<string> {
  await app.listen({ host, port })
  const { port: actual } = app.server.address() as AddressInfo
  const name = /^(localhost|127\..*|::1|0\.0\.0\.0|::)$/.test(host) ? 'localhost' : host
  return `https://${name}:${actual}`
}

function readQuery(text: string): Record<string, string> {
  return Object.fromEntries([...new URLSearchParams(text)].map(([name, value]) => [name.toLowerCase(), value]))
}
