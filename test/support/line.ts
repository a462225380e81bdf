import { once } from 'node:events'
import net, { type AddressInfo, type LookupFunction } from 'node:net'
import type { Test } from 'tap'

/**
 * A line to a server on this machine that can be cut, or go dead as lines do when a machine vanishes or a network is
 * left: what is sent into it then arrives nowhere, and nobody is told. Clients meet it at its own address.
 */
export async function startLine(t: Test, url: string, near: { host?: string; port?: number } = {}) {
  const target = Number(new URL(url).port)
  const pairs = new Set<{ client: net.Socket; far: net.Socket; isDead: boolean }>()
  let accepted = 0
  const server = net.createServer((client) => {
    accepted++
    const far = net.connect(target, '127.0.0.1')
    const pair = { client, far, isDead: false }
    pairs.add(pair)
    const forward = (from: net.Socket, to: net.Socket) => {
      from.on('data', (bytes) => pair.isDead || to.write(bytes))
      from.on('error', () => {})
      from.on('close', () => pair.isDead || to.destroy())
    }
    forward(client, far)
    forward(far, client)
  })
  await once(server.listen(near.port ?? 0, near.host ?? '127.0.0.1'), 'listening')
  const cut = () => {
    for (const { client, far } of pairs) for (const socket of [client, far]) socket.resetAndDestroy()
  }
  t.teardown(() => {
    cut()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    /** How many connections it has ever taken. */
    accepted: () => accepted,
    /** From now on its connections lose whatever is sent, and nobody is told; new ones are as good as ever. */
    vanish: () => {
      for (const pair of pairs) pair.isDead = true
    },
    /** Resets every connection. */
    cut,
    /** Takes no connections any more, and resets the ones it has. */
    close: () => {
      server.close()
      cut()
    }
  }
}

/** A directory of names that can be changed while it is in use. */
export function createNames(addresses: Record<string, string[]>): { lookup: LookupFunction } {
  return {
    lookup(name, { all }, callback) {
      const found = (addresses[name] ?? []).map((address) => ({ address, family: net.isIP(address) }))
      if (found.length === 0) {
        const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
        process.nextTick(() => callback(error, '', 0))
      } else if (all) process.nextTick(() => callback(null, found))
      else process.nextTick(() => callback(null, found[0]!.address, found[0]!.family))
    }
  }
}
