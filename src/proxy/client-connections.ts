import type { Socket } from 'node:net'
import type { Call } from './call.js'

/** What has to be known of a connection, over and above its requests. */
export interface ClientConnections {
  /** Keeps a call until it has closed, and closes it when its response or its connection has. */
  watch(call: Call): void
  /** The call that came last on a connection, until it has closed. */
  latest(socket: Socket): Call | undefined
  /** Has the last message said, or been told, that none is taken after it (RFC 9112 §9.6)? Node takes it all the same. */
  isLast(socket: Socket): boolean
}

interface Connection {
  /** In the order they came. Hardly ever more than one. */
  readonly open: Call[]
  latest: Call | undefined
  hasHadLast: boolean
}

/**
 * Nothing of a call is kept once it has closed: an idle connection would otherwise hold request, answer and body of its
 * last call. Arrays instead of sets, whose tables are replaced after a few deletions, the old one pointing to the new:
 * one that has grown old keeps all its successors in memory, and every call in them, until the next full collection.
 */
export function createClientConnections(): ClientConnections {
  const connections = new WeakMap<Socket, Connection>()

  /** Node tells only the response whose turn it is that its client has left, none of the pipelined ones behind it. */
  function begin(socket: Socket): Connection {
    const connection: Connection = { open: [], latest: undefined, hasHadLast: false }
    connections.set(socket, connection)
    socket.once('close', () => {
      for (const call of [...connection.open]) call.close()
    })
    return connection
  }

  return {
    watch(call) {
      const { request, response } = call
      const connection = connections.get(request.socket) ?? begin(request.socket)
      connection.open.push(call)
      connection.latest = call
      response.on('close', () => {
        call.close()
        connection.open.splice(connection.open.indexOf(call), 1)
        connection.hasHadLast ||= isLastAnswer(call)
        if (connection.latest === call) connection.latest = undefined
      })
    },
    latest: (socket) => connections.get(socket)?.latest,
    isLast(socket) {
      const connection = connections.get(socket)
      if (!connection) return false
      return connection.hasHadLast || (connection.latest !== undefined && isLastAnswer(connection.latest))
    }
  }
}

function isLastAnswer({ response }: Call): boolean {
  return response.shouldKeepAlive === false
}
