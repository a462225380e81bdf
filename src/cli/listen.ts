import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { isLocalhost } from '../config/address.js'
import { trackConnections } from './connections.js'

/** An app that accepts connections. */
export interface Listening {
  readonly port: number
  /** `127.0.0.1:8080`, `[::1]:8080`. */
  readonly addresses: readonly string[]
  /** Calls whose answer is not complete. */
  readonly underWay: number
  /** Stops accepting; connections end with the last answer that is under way. Resolves when all have ended. */
  close(): Promise<void>
  /** Ends whatever is still open. */
  abandon(): void
}

/** What can happen to a listener that stands. */
export interface ListenerTrouble {
  /** One connection could not be accepted, for want of file descriptors for one. The listener goes on. */
  refused(error: Error): void
  /** It accepts no connections any more, and nobody asked it to. */
  lost(): void
}

/**
 * How many connections may wait to be accepted; systems cut it to what they allow. With Node's own 511 a program that
 * opens a thousand at once sees some of them reset.
 */
const backlog = 4096

/**
 * Binds an app. `localhost` by any of its names is bound in both families, 127.0.0.1 and ::1 where the machine has it:
 * programs disagree on what it means.
 *
 * @throws the error of the address that cannot be bound (`EADDRINUSE`, `EACCES`, …); nothing stays bound then
 */
export async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  trouble: ListenerTrouble = { refused() {}, lost() {} }
): Promise<Listening> {
  const [first = host, second] = isLocalhost(host) ? ['127.0.0.1', '::1'] : [host]
  await app.listen({ host: first, port, backlog })
  const bound = app.server.address() as AddressInfo
  const twin = second === undefined ? undefined : await bindTwin(app, second, bound.port)
  const servers = twin ? [app.server, twin] : [app.server]
  const connections = trackConnections()
  let isClosing = false
  for (const server of servers) {
    connections.watch(server)
    server.on('error', trouble.refused).once('close', () => isClosing || trouble.lost())
  }

  return {
    port: bound.port,
    addresses: servers.map((server) => addressOf(server)),
    get underWay() {
      return connections.underWay
    },
    async close() {
      isClosing = true
      const closed = Promise.all(servers.map(stopAccepting))
      connections.release()
      await closed
      await app.close()
    },
    abandon() {
      for (const server of servers) server.closeAllConnections()
    }
  }
}

/** A second server for the same app: undefined where the machine lacks that address family. */
async function bindTwin(app: FastifyInstance, host: string, port: number): Promise<http.Server | undefined> {
  const { maxHeaderSize, requireHostHeader, connectionsCheckingInterval } = app.server as http.ServerOptions
  const { headersTimeout, requestTimeout, keepAliveTimeout } = app.server
  const heads = { maxHeaderSize, requireHostHeader, headersTimeout, connectionsCheckingInterval }
  const twin = http.createServer({ ...heads, requestTimeout, keepAliveTimeout }, app.routing)
  twin.maxHeadersCount = app.server.maxHeadersCount
  for (const event of ['clientError', 'connect']) {
    if (app.server.listenerCount(event) > 0) twin.on(event, (...facts) => app.server.emit(event, ...facts))
  }
  try {
    await new Promise<void>((resolve, reject) => twin.once('error', reject).listen({ port, host, backlog }, resolve))
    return twin
  } catch (error) {
    if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    await app.close()
    throw error
  }
}

/** http.Server's own close would end idle connections at once, on which a request may be on its way. */
function stopAccepting(server: http.Server): Promise<void> {
  return new Promise((resolve) => net.Server.prototype.close.call(server, () => resolve()))
}

function addressOf(server: http.Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}
