import type http from 'node:http'
import type { Socket } from 'node:net'

/** The connections of some servers, so that they can be let go without cutting an answer. */
export interface Connections {
  watch(server: http.Server): void
  /** Connections that are open. */
  readonly open: number
  /** Calls whose answer is not complete. */
  readonly underWay: number
  /**
   * What has come is answered, and every answer from then on is the last on its connection. When none is under way any
   * more, the connections without one end: until then whoever asks on them is still answered, since a client cannot tell
   * a connection that ended just before its request from one that ended just after it.
   */
  release(): void
}

/**
 * Node's own closeIdleConnections leaves those alone on which nothing was ever asked, as browsers and load balancers
 * open them ahead of need: a shutdown would wait for their time-out.
 */
export function trackConnections(): Connections {
  // Arrays of answers and not sets: what comes and goes in a set outlives it, since old tables point to new ones.
  const sockets = new Map<Socket, http.ServerResponse[]>()
  let underWay = 0
  let isReleasing = false

  const endIdle = (): void => {
    if (isReleasing && underWay === 0) for (const socket of sockets.keys()) socket.destroySoon()
  }

  return {
    watch(server) {
      server.on('connection', (socket: Socket) => {
        sockets.set(socket, [])
        socket.once('close', () => {
          // Node tells only the response whose turn it was, none of the pipelined ones behind it.
          underWay -= sockets.get(socket)?.splice(0).length ?? 0
          sockets.delete(socket)
          endIdle()
        })
      })
      server.prependListener('request', ({ socket }: http.IncomingMessage, response: http.ServerResponse) => {
        if (isReleasing) response.shouldKeepAlive = false
        const answers = sockets.get(socket) ?? []
        answers.push(response)
        underWay++
        response.on('close', () => {
          const place = answers.indexOf(response)
          if (place < 0) return
          answers.splice(place, 1)
          underWay--
          endIdle()
        })
      })
    },
    get open() {
      return sockets.size
    },
    get underWay() {
      return underWay
    },
    release() {
      isReleasing = true
      for (const answers of sockets.values()) {
        const last = answers.at(-1)
        if (last) last.shouldKeepAlive = false
      }
      endIdle()
    }
  }
}
