import { once } from 'node:events'
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'

/**
 * An address that takes no connections and refuses none: somebody listens there who never looks, and the queue the
 * system keeps for them is full.
 */
export async function startFullHouse(t: Test, host = '127.0.0.1', port = 0): Promise<number> {
  const worker = new Worker(
    `const { parentPort, workerData: { host, port } } = require('node:worker_threads')
     const server = require('node:net').createServer().listen({ host, port, backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
     })`,
    { eval: true, workerData: { host, port } }
  )
  const [taken] = (await once(worker, 'message')) as [number]
  const guests: net.Socket[] = []
  t.teardown(async () => {
    for (const guest of guests) guest.destroy()
    await worker.terminate()
  })
  // As soon as one of them is not let in, nobody will be.
  for (let isFull = false; !isFull; ) {
    const guest = net.connect(taken, host).on('error', () => {})
    guests.push(guest)
    isFull = await Promise.race([
      once(guest, 'connect').then(() => false),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, true))
    ])
  }
  return taken
}
