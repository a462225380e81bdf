import net, { type AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface SlowLine {
  /** Its near end. */
  readonly url: string
  /** How many pieces are on their way right now. */
  underWay(): number
}

/**
 * A line to a server on this machine that takes its time on the way there, as the internet does: bytes arrive `delayMs()`
 * after they were sent, also when their sender has hung up meanwhile.
 */
export async function startSlowLine(t: Test, url: string, delayMs: () => number): Promise<SlowLine> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<net.Socket>()
  let underWay = 0
  const line = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true, noDelay: true })
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}))
    let free = 0
    const later = (act: () => void) => {
      free = Math.max(free, performance.now() + delayMs())
      setTimeout(act, free - performance.now())
    }
    near.on('data', (bytes: Buffer) => {
      underWay++
      later(() => {
        underWay--
        far.write(bytes)
      })
    })
    near.on('close', () => later(() => far.end()))
    near.on('end', () => near.end())
    far.on('data', (bytes: Buffer) => near.write(bytes))
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    line.close()
  })
  return { url: `https://${hostname}:${(line.address() as AddressInfo).port}`, underWay: () => underWay }
}
