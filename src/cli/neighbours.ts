import { mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { platform, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fingerprint } from '../fingerprint.js'
import type { Log } from '../telemetry/log.js'

/** Other processes of this user on this machine that use the same client id, and know nothing of each other. */
export interface Neighbours {
  /** From now on this process is found by the next one; if it is itself the next one, the log of both says so. */
  announce(apiUrl: string, clientId: string, environment: string): Promise<void>
  /** Who is there at the moment, in sentences for whoever asks for the health. */
  remarks(): string[]
  close(): void
}

/** Longer ones cannot be listened on (sockaddr_un has 104 bytes on macOS). */
const longestPath = 100

const mostMsApart = 300

const consequence =
  'on this machine uses the same client id. Each counts only its own calls, so together they can exceed the quota and be throttled: stop one, send all calls through one, or give both the same redis.url'

/**
 * A local socket for each quota, and a silent connection between two neighbours for as long as both live: unlike a file
 * with a process number neither can outlive its process.
 *
 * @param folder where they lie; by default one for the user, made when the first is announced
 */
export function openNeighbours(log: Pick<Log, 'warn'>, folder?: string): Neighbours {
  const servers: Server[] = []
  const announced = new Set<string>()
  const present = new Map<Socket, string>()
  let closed = false

  function meet(socket: Socket, environment: string, who: string): void {
    present.set(socket.unref().resume(), environment)
    socket.on('error', () => {})
    socket.once('close', () => present.delete(socket))
    log.warn({ environment }, `${environment}: ${who} ${consequence}`)
  }

  async function takePlace(path: string, environment: string): Promise<void> {
    for (let tries = 0; tries < 2 && !closed; tries++) {
      const server = await listen(path)
      if (server) {
        servers.push(server)
        server.on('connection', (socket) => meet(socket, environment, 'another sc-proxy that was started just now'))
        if (closed) server.close()
        return
      }
      const socket = await reach(path)
      if (socket) {
        if (closed) return void socket.destroy()
        // When the first one ends somebody else has to be found by the next: not all who are left at the same moment.
        socket.once('close', () => {
          if (!closed) setTimeout(() => void takePlace(path, environment), Math.random() * mostMsApart).unref()
        })
        return meet(socket, environment, 'another sc-proxy')
      }
      // Its process was killed.
      rmSync(path, { force: true })
    }
  }

  return {
    async announce(apiUrl, clientId, environment) {
      const name = fingerprint(`${apiUrl} ${clientId}`)
      const place = folder ?? machineFolder()
      const path = place && addressOf(place, name)
      if (path === undefined || announced.has(name)) return
      announced.add(name)
      await takePlace(path, environment)
    },
    remarks: () =>
      [...new Set(present.values())].map((environment) => `${environment}: another sc-proxy ${consequence}.`),
    close() {
      closed = true
      for (const server of servers) server.close()
      for (const socket of present.keys()) socket.destroy()
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

function reach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}
