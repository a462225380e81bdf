import { once } from 'node:events'
import net from 'node:net'
import type { Test } from 'tap'

/** One connection to the proxy, written by hand. Text is latin1: a letter is a byte. */
export interface Conversation {
  readonly socket: net.Socket
  say(text: string | Buffer): void
  /** All that has come back. */
  heard(): string
  /** Resolves with what has come back once it matches or ends so, or the other side has closed; rejects after fifteen seconds. */
  hears(wanted: RegExp | string): Promise<string>
  /** Resolves with all that came back, once the other side has closed. */
  ended(): Promise<string>
}

export async function converse(t: Test, port: number, host = '127.0.0.1'): Promise<Conversation> {
  const socket = net.connect(port, host)
  let heard = ''
  let look = () => {}
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text
    look()
  })
  socket.on('error', () => {})
  socket.on('close', () => look())
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')

  const until = (condition: () => boolean, name: string) =>
    new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`still waiting for ${name} after: ${heard.slice(-300)}`)), 15_000)
      look = () => {
        if (!condition() && !socket.closed) return
        clearTimeout(timer)
        resolve(heard)
      }
      look()
    })
  return {
    socket,
    say: (text) => void socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text),
    heard: () => heard,
    hears: (wanted) =>
      until(
        () => (typeof wanted === 'string' ? heard.endsWith(wanted) : wanted.test(heard)),
        String(wanted).slice(0, 100)
      ),
    ended: () => until(() => socket.closed, 'the end')
  }
}
