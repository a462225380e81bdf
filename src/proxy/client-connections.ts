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

export function createClientConnections(): ClientConnections {
  const connections = new WeakMap<Socket, { open: Set<Call>; latest: Call }>()

  return {
    watch(call) {
      const { socket } = call.request
      const open = connections.get(socket)?.open ?? openOn(socket)
      connections.set(socket, { open, latest: call })
      open.add(call)
      call.response.on('close', () => open.delete(call))
    },
    latest: (socket) => connections.get(socket)?.latest,
    isLast: (socket) => connections.get(socket)?.latest.response.shouldKeepAlive === false
  }
}

/** Node tells only the response whose turn it is that its client has left, none of the pipelined ones behind it. */
function openOn(socket: Socket): Set<Call> {
  const open = new Set<Call>()
  socket.once('close', () => {
    for (const call of open) call.close()
  })
  return open
}
