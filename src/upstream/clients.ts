import type { Client } from 'undici'

/** A connection to one origin, for one call at a time. It connects when it is given something to send. */
export interface Connection {
  readonly client: Client
  readonly madeAt: number
  /** It could not be made. */
  hasFailed: boolean
}

export interface Clients {
  /** A connection that nobody uses. */
  take(): Connection
  /** What was sent with it has come to its end, whichever that was. */
  giveBack(connection: Connection): void
  /** Cuts every connection; what is under way fails with that error. */
  destroy(error?: Error): Promise<void>
}

/**
 * The one given back last is taken first, so that those which are not needed fall idle and close. How many there are is
 * up to whoever takes them: undici's own pool looks through all its connections twice per call. One that is older than
 * `lifeMs` is not used again: in steady use it would stay with an address its name has long moved away from, and after a
 * suspend it is dead without anybody having said so.
 *
 * @param now milliseconds that go on through a suspend
 */
export function createClients(make: () => Client, lifeMs: number, now: () => number): Clients {
  const all = new Set<Connection>()
  const idle: Connection[] = []

  function begin(): Connection {
    const connection = { client: make(), madeAt: now(), hasFailed: false }
    all.add(connection)
    // What is sent with a client that could not connect may never end: undici's own pool drops those, too.
    connection.client.once('connectionError', () => {
      connection.hasFailed = true
      all.delete(connection)
    })
    return connection
  }

  function retire(connection: Connection): void {
    const forget = () => all.delete(connection)
    connection.client.close().then(forget, forget)
  }

  return {
    take() {
      for (let next = idle.pop(); next; next = idle.pop()) {
        if (next.hasFailed) continue
        if (now() - next.madeAt <= lifeMs) return next
        retire(next)
      }
      return begin()
    },
    giveBack(connection) {
      idle.push(connection)
    },
    async destroy(error = new Error('the connections were cut')) {
      await Promise.all([...all].map(({ client }) => client.destroy(error)))
    }
  }
}
