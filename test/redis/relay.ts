import net, { type AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A stable address in front of servers, as a service or a load balancer is, and the network on the way. */
export interface Relay {
  readonly port: number
  /** Leads new connections there from now on, and cuts those there are. */
  leadTo(port: number): void
  /** Cuts what is connected and refuses everybody until it leads somewhere again. */
  cut(): void
  /** How many connections came so far. */
  readonly connections: number
}

/** @param delayMs how long every piece is on its way, there and back alike */
export async function startRelay(t: Pick<Test, 'teardown'>, port: number, delayMs = 0): Promise<Relay> {
  const sockets = new Set<net.Socket>()
  let target: number | undefined = port
  let connections = 0

  function pass(from: net.Socket, to: net.Socket): void {
    from.on('data', (bytes) => {
      if (delayMs === 0) to.write(bytes)
      else setTimeout(() => to.write(bytes), delayMs)
    })
    from.on('error', () => {})
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }

  const server = net.createServer({ noDelay: true }, (near) => {
    connections++
    if (target === undefined) return void near.destroy()
    const far = net.connect({ host: '127.0.0.1', port: target, noDelay: true })
    for (const socket of [near, far]) sockets.add(socket)
    pass(near, far)
    pass(far, near)
  })

  function lead(port: number | undefined): void {
    target = port
    for (const socket of sockets) socket.destroy()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    lead(undefined)
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: lead,
    cut: () => lead(undefined),
    get connections() {
      return connections
    }
  }
}
