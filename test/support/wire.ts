import type { AddressInfo } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { startServiceChannel } from './servicechannel.js'

/** One connection that the proxy has opened. Text is latin1: a letter is a byte. */
export interface Line {
  readonly socket: TLSSocket
  /** All that has arrived on it. */
  heard: string
  say(text: string): void
}

/**
 * An API server with no HTTP parser between the test and the bytes: it writes down what it hears and says what it is
 * told. Logins are served by a server that knows HTTP.
 */
export async function startWire(t: Test, hear: (line: Line, piece: string) => void) {
  const { cert, key, ca, loginUrl } = await startServiceChannel(t)
  const lines: Line[] = []
  const server = tls.createServer({ cert, key, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, (socket) => {
    const line: Line = { socket, heard: '', say: (text) => void socket.write(text, 'latin1') }
    lines.push(line)
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', (piece: string) => {
      line.heard += piece
      hear(line, piece)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const { socket } of lines) socket.destroy()
    server.close()
  })
  return { apiUrl: `https://localhost:${(server.address() as AddressInfo).port}`, loginUrl, ca, lines }
}

/** Ends the head of a request. */
export const endOfHead = /\r\n\r\n/

/** A whole answer with this body. */
export function okWith(body: string, head = ''): string {
  return `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`
}
