import type { Socket } from 'node:net'
import type { Call } from './call.js'

/** What has to be known of a connection, over and above its requests. */
export interface ClientConnections {
  /** Keeps a call until it has closed. When its connection ends, so does the call. */
  watch(call: Call): void
  /** The call that came last on a connection, answered or not. */
  latest(socket: Socket): Call | undefined
  /** Has the last message said, or been told, that none is taken after it (RFC 9112 §9.6)? Node takes it all the same. */
  isLast(socket: Socket): boolean
}

interface Connection {
  readonly open: Set<Call>
  latest: Call
}

export function createClientConnections(): ClientConnections {
  const connections = new WeakMap<Socket, Connection>()

  /** Node tells only the response whose turn it is that its client has left, none of the pipelined ones behind it. */
  function begin(socket: Socket, latest: Call): Connection {
    const connection = { open: new Set<Call>(), latest }
    connections.set(socket, connection)
    socket.once('close', () => {
      for (const call of connection.open) call.close()
    })
    return connection
  }

  return {
    watch(call) {
      const { socket } = call.request
      const known = connections.get(socket)
      if (known) known.latest = call
      const { open } = known ?? begin(socket, call)
      open.add(call)
      call.response.on('close', () => open.delete(call))
    },
    latest: (socket) => connections.get(socket)?.latest,
    isLast: (socket) => connections.get(socket)?.latest.response.shouldKeepAlive === false
  }
}
