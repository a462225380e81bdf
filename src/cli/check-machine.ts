import { stat } from 'node:fs/promises'
import net from 'node:net'
import { platform } from 'node:os'
import type { Status } from '../admin/status.js'
import type { Config } from '../config/schema.js'
import { cannotListen } from './cannot-listen.js'
import type { Finding } from './finding.js'

/** Whether every port can be had; those of the proxy that runs already are its own. */
export async function checkPorts({ listeners, admin }: Config, running: Status | undefined): Promise<Finding[]> {
  const taken =
    running?.listeners.flatMap(({ addresses }) => addresses.map((address) => address.replace(/.*:/, ''))) ?? []
  const doors = [
    ...listeners.map((listener) => ({
      ...listener,
      way: 'with --port',
      isOurs: taken.includes(String(listener.port))
    })),
    ...(admin.enabled ? [{ ...admin, way: 'with --admin-port', isOurs: running !== undefined }] : [])
  ].filter(({ port }) => port !== 0)
  return Promise.all(
    doors.map(async ({ host, port, way, isOurs }): Promise<Finding> => {
      const about = { check: 'port', subject: `${host}:${port}` }
      if (isOurs) return { ...about, status: 'ok', found: 'the running sc-proxy has it' }
      const error = await errorOfListening(host, port)
      if (error === undefined) return { ...about, status: 'ok', found: 'it is free' }
      return { ...about, status: 'wrong', found: 'it cannot be had', advice: cannotListen(error, host, port, way) }
    })
  )
}

function errorOfListening(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', resolve)
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}

/** Whether files that hold a secret can be read by others. Windows has no modes; there the folder decides. */
export async function checkFiles(secretFiles: readonly string[]): Promise<Finding[]> {
  if (platform() === 'win32') return []
  const findings = secretFiles.map(async (path): Promise<Finding[]> => {
    const about = { check: 'file', subject: path }
    const facts = await stat(path).catch(() => undefined)
    if (!facts) return []
    const mode = (facts.mode & 0o777).toString(8)
    if ((facts.mode & 0o077) === 0) return [{ ...about, status: 'ok', found: `only you can read it (mode ${mode})` }]
    return [
      {
        ...about,
        status: 'warning',
        found: `it holds a secret and other users can get at it (mode ${mode})`,
        advice: `chmod 600 ${path}`
      }
    ]
  })
  return (await Promise.all(findings)).flat()
}
