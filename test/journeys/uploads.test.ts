import { readFileSync } from 'node:fs'
import net from 'node:net'
import { platform } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createClient } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { startServiceChannel } from './support/servicechannel.js'

const MiB = 1024 * 1024

/** The memory a process has in use, in bytes; only Linux tells. */
function memoryOf(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024
}

const head = 'POST /v3/attachments HTTP/1.1\r\nHost: localhost\r\n'
const small = Buffer.concat([Buffer.from(`${head}Content-Length: 131072\r\n\r\n`), Buffer.alloc(131_072)])
const endless = Buffer.concat([
  Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n80000\r\n`),
  Buffer.alloc(131_072)
])

/**
 * Uploads that are sent as far as the proxy takes them, on raw sockets, since what is measured here is a crowd.
 * Half of them are whole, half never end.
 */
async function crowd(t: Test, port: number, count: number) {
  const statuses = new Map<net.Socket, number>()
  const sockets: net.Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (let n = 0; n < count; n++) {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1]
      if (status) statuses.set(socket, Number(status))
    })
    socket.write(n % 2 === 0 ? small : endless)
    sockets.push(socket)
    // A backlog of connections is not what this is about.
    if (n % 100 === 99) await pause(20)
  }
  return { sockets, statuses }
}

/*
 * What may be held: 64 MiB of bodies that are kept, and 32 MiB by the recorder; of each of the 1,000 calls that wait the
 * first piece of its body and what Node reads ahead, 64 KiB each; about 16 KiB for every connection; and 192 MiB of
 * pieces that nobody holds any more and the collector has not come to. Held whole, the uploads would take 625 MiB.
 */
const bound = (64 + 32) * MiB + 1000 * 128 * 1024 + 5000 * 16 * 1024 + 192 * MiB

/** All but the thousand who wait and those whose body is being read, 256 KiB of memory set aside for each. */
const told = 5000 - 1000 - 256

t.test(
  '5,000 uploads at once hold no more memory than is allowed to them',
  { skip: platform() !== 'linux' },
  async (t) => {
    const service = await startServiceChannel(t)
    const proxy = await startProxy(t, {
      environments: { mine: environmentOf(service, { quota: { calls: 10, windowSeconds: 600 } }) },
      queue: { maxWaitSeconds: 86_400 }
    })
    const ask = createClient(t, proxy.port)
    for (let n = 0; n < 10; n++) await ask()
    const before = memoryOf(proxy.child.pid)

    const { sockets, statuses } = await crowd(t, proxy.port, 5000)
    let most = 0
    for (let n = 0; n < 300 && statuses.size < told; n++) {
      most = Math.max(most, memoryOf(proxy.child.pid) - before)
      await pause(100)
    }
    await pause(500)
    most = Math.max(most, memoryOf(proxy.child.pid) - before)
    t.comment(`${Math.round(most / MiB)} MiB more than before, ${Math.round(bound / MiB)} allowed`)
    t.ok(most < bound)
    t.ok(statuses.size >= told, `everybody is told who neither waits nor is read: ${statuses.size}`)
    t.strictSame([...new Set(statuses.values())], [429])

    for (const socket of sockets) socket.destroy()
    await pause(1000)
    const leaving = new AbortController()
    const next = ask({ signal: leaving.signal }).then(
      ({ status }) => status,
      () => 'waited'
    )
    await pause(500)
    leaving.abort()
    t.equal(await next, 'waited', 'when they have left the queue is empty again')
  }
)
