import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A plain web server on a free port, that is neither the proxy nor ServiceChannel; its origin. */
export async function startServer(t: Test, answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
