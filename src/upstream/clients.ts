import type { Client } from 'undici'

/** Connections to one origin, each for one call at a time. */
export interface Clients {
  /** One that nobody uses. It connects when it is given something to send. */
  take(): Client
  /** What was sent with it has come to its end, whichever that was. */
  giveBack(client: Client): void
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
  const madeAt = new Map<Client, number>()
  const idle: Client[] = []

  function isOld(client: Client): boolean {
    return now() - (madeAt.get(client) ?? 0) > lifeMs
  }

  function begin(): Client {
    const client = make()
    madeAt.set(client, now())
    return client
  }

  function retire(client: Client): void {
    const forget = () => madeAt.delete(client)
    client.close().then(forget, forget)
  }

  return {
    take() {
      let client = idle.pop()
      while (client && isOld(client)) {
        retire(client)
        client = idle.pop()
      }
      return client ?? begin()
    },
    giveBack(client) {
      idle.push(client)
    },
    async destroy(error = new Error('the connections were cut')) {
      await Promise.all([...madeAt.keys()].map((client) => client.destroy(error)))
    }
  }
}
