import type http from 'node:http'
import type { Socket } from 'node:net'

/** The connections of some servers, so that they can be let go without cutting an answer. */
export interface Connections {
  /** How many are open. */
  readonly count: number
  watch(server: http.Server): void
  /** Ends every connection as soon as nothing is under way on it. */
  release(): void
}

/**
 * Node's own closeIdleConnections leaves those alone on which nothing was ever asked, as browsers and load balancers
 * open them ahead of need, and those that fall idle after it: a shutdown would wait for their time-out.
 */
export function trackConnections(): Connections {
  const underWay = new Map<Socket, number>()
  let isReleasing = false

  const change = (socket: Socket, by: number): void => {
    const count = underWay.get(socket)
    if (count === undefined) return
    underWay.set(socket, count + by)
    if (isReleasing && count + by === 0) socket.destroySoon()
  }

  return {
    get count() {
      return underWay.size
    },
    watch(server) {
      server.on('connection', (socket: Socket) => {
        underWay.set(socket, 0)
        socket.once('close', () => underWay.delete(socket))
      })
      server.on('request', ({ socket }: http.IncomingMessage, response: http.ServerResponse) => {
        change(socket, 1)
        response.once('close', () => change(socket, -1))
      })
    },
    release() {
      isReleasing = true
      for (const [socket, count] of underWay) if (count === 0) socket.destroySoon()
    }
  }
}
