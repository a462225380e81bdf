/**
 * A process of its own that keeps so many connections busy, each asking again as soon as it is answered, and notes every
 * call with its times: wrk tells percentiles only. It reads just as much HTTP as the proxy writes for these calls, so that
 * it costs the machine little. Started by calls.ts, which gives it its task and gets one message back.
 */
import net from 'node:net'
import type { Call, Task } from './calls.js'

const { url, path, connections, seconds }: Task = JSON.parse(process.argv[2] ?? '')
const { hostname, port, host } = new URL(url)
const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`
const calls: Call[] = []
const now = () => performance.timeOrigin + performance.now()
const until = now() + seconds * 1000

await Promise.all(Array.from({ length: connections }, () => keepAsking(net.connect(Number(port), hostname))))
process.send?.(calls, () => process.disconnect())

/** Resolves when the time is over, or at once when the connection fails, which counts as a failed call. */
function keepAsking(socket: net.Socket): Promise<void> {
  let from = 0
  let text = ''
  const ask = () => {
    from = now()
    text = ''
    socket.write(request)
  }
  const note = (failed: boolean, tokenMs: number) => calls.push({ from, to: now(), failed, tokenMs })
  return new Promise((resolve) => {
    socket.setNoDelay(true).setEncoding('latin1').once('connect', ask)
    socket.on('data', (piece) => {
      text += piece
      const bodyAt = text.indexOf('\r\n\r\n') + 4
      if (bodyAt < 4 || text.length < bodyAt + Number(/^content-length: (\d+)/im.exec(text)?.[1])) return
      note(!text.startsWith('HTTP/1.1 200'), Number(/token;dur=([\d.]+)/.exec(text)?.[1]))
      if (now() < until) return ask()
      socket.destroy()
      resolve()
    })
    const failed = () => {
      note(true, 0)
      socket.destroy()
      resolve()
    }
    socket.once('error', failed).once('end', failed)
  })
}
