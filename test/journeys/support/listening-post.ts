import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import type { Test } from 'tap'

/** A TLS server that writes down whatever it is told once the handshake is done, and answers nothing. */
export async function startListeningPost(t: Test, options: TlsOptions): Promise<{ url: string; heard: Buffer[] }> {
  const heard: Buffer[] = []
  const server = createServer(options, (socket) => {
    socket.on('data', (bytes) => heard.push(bytes)).on('error', () => {})
    t.teardown(() => socket.destroy())
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, heard }
}
