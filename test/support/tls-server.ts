import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import type { Test } from 'tap'

/**
 * A TLS server that answers with whatever bytes it is told, or none. `heard` is called for each request, when its head
 * has come.
 */
export async function startTlsServer(
  t: Test,
  certificate: { cert: string; key: string },
  heard: (socket: tls.TLSSocket, request: string) => void
) {
  const sockets = new Set<tls.TLSSocket>()
  const server = tls.createServer({ ...certificate, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, (socket) => {
    let text = ''
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      const request = text
      text = ''
      heard(socket, request)
    })
  })
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, sockets }
}
