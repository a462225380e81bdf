import { mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { platform, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fingerprint } from '../fingerprint.js'
import type { Log } from '../telemetry/log.js'

/** Other processes of this user on this machine that use the same client id, and know nothing of each other. */
export interface Neighbours {
  /** From now on this process is found by the next one; if it is itself the next one, the log of both says so. */
  announce(apiUrl: string, clientId: string, environment: string): Promise<void>
  close(): void
}

/** Longer ones cannot be listened on (sockaddr_un has 104 bytes on macOS). */
const longestPath = 100

/**
 * A local socket for each quota: unlike a file with a process number it cannot outlive its process. It says nothing to
 * whoever connects.
 *
 * @param folder where they lie; by default one for the user, made when the first is announced
 */
export function openNeighbours(log: Pick<Log, 'warn'>, folder?: string): Neighbours {
  const servers: Server[] = []
  const announced = new Set<string>()

  function tell(environment: string, who: string): void {
    log.warn(
      { environment },
      `${environment}: ${who} on this machine uses the same client id. Each counts only its own calls, so together they can exceed the quota and be throttled: stop one, send all calls through one, or give both the same redis.url`
    )
  }

  return {
    async announce(apiUrl, clientId, environment) {
      const name = fingerprint(`${apiUrl} ${clientId}`)
      const place = folder ?? machineFolder()
      const path = place && addressOf(place, name)
      if (path === undefined || announced.has(name)) return
      announced.add(name)
      for (let tries = 0; tries < 2; tries++) {
        const server = await listen(path)
        if (server) {
          server.on('connection', (socket) => {
            socket.destroy()
            tell(environment, 'another sc-proxy that was started just now')
          })
          servers.push(server)
          return
        }
        if (await answers(path)) return tell(environment, 'another sc-proxy')
        // Its process was killed.
        rmSync(path, { force: true })
      }
    },
    close() {
      for (const server of servers) server.close()
    }
  }
}

/** One for each user; undefined where there is none. */
function machineFolder(): string | undefined {
  try {
    const folder = join(tmpdir(), `sc-proxy-${userInfo().username}`)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch {
    return undefined
  }
}

function addressOf(folder: string, name: string): string | undefined {
  if (platform() === 'win32') return `\\\\.\\pipe\\sc-proxy-${name}`
  const path = join(folder, name)
  return path.length > longestPath ? undefined : path
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().unref()
    server.once('error', () => resolve(undefined))
    server.listen(path, () => resolve(server))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
