import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { createAdmin } from '../admin/admin.js'
import { controlRoutes } from '../admin/control.js'
import { type ExplorerOptions, explorerRoutes } from '../admin/explorer.js'
import { expositionRoute } from '../admin/exposition.js'
import { inspectorRoutes } from '../admin/inspector.js'
import type { Config, Listener } from '../config/schema.js'
import type { Ledger } from '../limiter/ledger.js'
import { createProxy } from '../proxy/proxy.js'
import type { Log } from '../telemetry/log.js'
import { type OpenListener, originsOf, urlOf } from './banner.js'
import { cannotListen } from './cannot-listen.js'
import { type Listening, listen } from './listen.js'
import { loginObstacles } from './login-obstacles.js'
import type { Neighbours } from './neighbours.js'
import { openObservation } from './observation.js'
import { createEnvironments } from './open-environments.js'
import { openExplorer } from './open-explorer.js'
import { openSharing, sharingRemarks } from './open-sharing.js'
import { packageVersion } from './version.js'

/** Answers to whoever waited are small: a client that reads has them by then. */
const mostMsToHear = 250

/** Closing takes milliseconds; longer than this it hangs. */
const mostMsToClose = 2000

/** The running proxy. */
export interface App {
  readonly listeners: readonly OpenListener[]
  readonly adminUrl: string | undefined
  /** Where a person finds the inspector, with what it asks for before it shows bodies: not for logs. */
  readonly inspectorUrl: string | undefined
  /** Puts into force what can change while calls are under way; see `createReload`. */
  reconfigure(config: Config): Promise<void>
  /** Readiness turns red; everything is served as before. */
  retire(): void
  /** Resolves when a listener has closed by itself, which the log then tells. */
  readonly failed: Promise<undefined>
  /**
   * Stops for good: no new connections, what is under way finishes, waiting calls that fit into the time are served
   * and all others refused. After `seconds` whoever is left is told or cut. Resolves when nothing is open any more.
   */
  drain(seconds: number): Promise<void>
  /** Ends a drain now. */
  abandon(): void
}

/** What the house has of the world outside. */
export interface Outside {
  /** Where it is written down what quotas were used for; nowhere by default. */
  ledger?: Ledger | undefined
  /** Where other processes of this machine are noticed; nowhere by default. */
  neighbours?: Neighbours | undefined
  /** Called when somebody asks the admin listener to stop the process and the configuration allows it. */
  quit?: () => void
  /** Calls back when the process ends; without it every call is told of at once. */
  onExit?: (listener: () => void) => void
}

/**
 * Builds the house from its configuration and opens its doors. When one door cannot be opened, none stays open.
 *
 * @throws Error with one sentence: which address cannot be had and what to do
 */
export async function openApp(config: Config, log: Log, outside: Outside = {}): Promise<App> {
  const { ledger, neighbours, quit, onExit } = outside
  const startedAt = Date.now()
  const listeners: OpenListener[] = []
  const doors: Listening[] = []
  /** One per listener, in their order. */
  const followers: ((listener: Listener) => void)[] = []
  const sharing = await openSharing(config, log)
  const house = {
    listeners: () => listeners,
    environments: () => environments.all(),
    connections: (listener: number) => doors[listener]?.connections ?? 0,
    sharing
  }
  const observation = await openObservation(config, log, house, onExit)
  const { inspector, observeLogin } = observation
  const environments = createEnvironments(config, log, { ledger, sharing, onLogin: observeLogin })
  let adminDoor: Listening | undefined
  let ownOrigins: readonly string[] = []
  let hasStarted = false
  let isDraining = false
  let giveUp = () => {}
  let fail = (_: undefined) => {}
  const failed = new Promise<undefined>((resolve) => {
    fail = resolve
  })

  async function openListener(listener: Listener, index: number): Promise<OpenListener> {
    const { name, apiUrl, clientId, quota, exchange } = await environments.open(listener.environment)
    // Who shares is no stranger.
    if (!sharing && name !== 'emulator') void neighbours?.announce(apiUrl, clientId, name)
    const { access, clientKey } = listener
    const { observe } = observation
    const recording = observation.recordingOf(index)
    const follow = (change: (admission: Listener) => void) => void followers.push(change)
    const isOwnPage = (origin: string) => ownOrigins.includes(origin)
    const proxy = createProxy({
      ...listener,
      isOwnPage,
      follow,
      environment: name,
      apiUrl,
      exchange,
      observe,
      recording,
      log
    })
    const way = config.listeners.length > 1 ? `in the listener of ${name}` : 'with --port'
    const door = await open(proxy, listener, way)
    doors.push(door)
    const { port, addresses } = door
    return { environment: name, access, port, addresses, apiUrl, quota, wantsClientKey: clientKey !== undefined }
  }

  async function openAdmin(explorer: ExplorerOptions): Promise<string> {
    const obstacles = () => (isDraining ? ['The proxy is shutting down.'] : loginObstacles(environments.all()))
    const remarks = () => [...sharingRemarks(sharing), ...(neighbours?.remarks() ?? [])]
    const allowedHosts = config.listeners.flatMap((listener) => listener.allowedHosts)
    const admin = createAdmin(
      { hasStarted: () => hasStarted, obstacles, remarks },
      { host: config.admin.host, allowedHosts }
    )
    const status = { version: packageVersion(), startedAt, obstacles, remarks, ...house }
    admin.register(controlRoutes, { status, quit: config.admin.allowQuit ? quit : undefined })
    admin.register(expositionRoute, observation)
    admin.register(inspectorRoutes, inspector)
    admin.register(explorerRoutes, explorer)
    adminDoor = await open(admin, config.admin, 'with --admin-port')
    ownOrigins = originsOf(adminDoor)
    return `http://${adminDoor.addresses[0]}`
  }

  async function open(
    app: FastifyInstance,
    { host, port }: { host: string; port: number },
    way: string
  ): Promise<Listening> {
    const trouble = {
      refused: (err: Error) => log.error({ err }, `a connection to port ${port} could not be accepted`),
      lost() {
        log.fatal(`the listener on port ${port} of ${host} has closed by itself`)
        fail(undefined)
      }
    }
    return listen(app, host, port, trouble).catch((error) => {
      throw new Error(cannotListen(error, host, port, way), { cause: error })
    })
  }

  async function close(seconds: number): Promise<void> {
    environments.stopFollowing()
    const deadline = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000)
      giveUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    const closing = Promise.all(doors.map((door) => door.close()))
    await Promise.race([closing, deadline])
    giveUp()
    const left = doors.reduce((calls, { underWay }) => calls + underWay, 0)
    if (left > 0) log.warn(`the time is up: ${left} calls were cut`)
    // Nothing that hangs may keep the process: what it says here is said either way.
    await Promise.race([closeRooms(closing), pause(mostMsToClose, undefined, { ref: false })])
  }

  async function closeRooms(closing: Promise<unknown>): Promise<void> {
    await environments.close()
    sharing?.close()
    neighbours?.close()
    // Who waited has just been told, and needs a moment to hear it.
    await Promise.race([closing, pause(mostMsToHear, undefined, { ref: false })])
    for (const door of doors) door.abandon()
    await closing
    // Health is told to the end: a probe that finds nobody could not tell a drain from a crash.
    const closingAdmin = adminDoor?.close()
    adminDoor?.abandon()
    await closingAdmin
    await environments.closeEmulator()
    await observation.close()
  }

  try {
    const explorer = config.admin.enabled ? await openExplorer(config, house.listeners) : undefined
    for (const [index, listener] of config.listeners.entries()) listeners.push(await openListener(listener, index))
    const adminUrl = explorer && (await openAdmin(explorer))
    hasStarted = true
    return {
      listeners,
      adminUrl,
      inspectorUrl: adminDoor && `${urlOf(adminDoor)}/#token=${inspector.token}`,
      async reconfigure(next) {
        observation.reconfigure(next)
        sharing?.logInAs(next.redis)
        for (const [index, listener] of next.listeners.entries()) {
          if (listener.environment === config.listeners[index]?.environment) followers[index]?.(listener)
        }
        await environments.reconfigure(next)
      },
      retire() {
        isDraining = true
      },
      failed,
      drain(seconds) {
        isDraining = true
        for (const { limiter } of environments.all()) {
          // What departs too late for its answer would be cut off half done.
          limiter.drain(Math.max(0, seconds * 1000 - limiter.snapshot().application.roundTripMs))
        }
        return close(seconds)
      },
      abandon: () => giveUp()
    }
  } catch (error) {
    await close(0)
    throw error
  }
}
