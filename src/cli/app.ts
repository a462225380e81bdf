import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { createAdmin } from '../admin/admin.js'
import type { Config, Environment, Listener } from '../config/schema.js'
import type { Emulator } from '../emulator/emulator.js'
import type { Ledger } from '../limiter/ledger.js'
import { createProxy } from '../proxy/proxy.js'
import { type Log, logCalls } from '../telemetry/log.js'
import type { OpenListener } from './banner.js'
import { cannotListen } from './cannot-listen.js'
import { type ConnectedEnvironment, createConnector } from './environments.js'
import { type Listening, listen } from './listen.js'
import { loginObstacles } from './login-obstacles.js'
import { openEmulator } from './open-emulator.js'

/** Answers to whoever waited are small: a client that reads has them by then. */
const mostMsToHear = 250

/** Closing takes milliseconds; longer than this it hangs. */
const mostMsToClose = 2000

/** The running proxy. */
export interface App {
  readonly listeners: readonly OpenListener[]
  readonly adminUrl: string | undefined
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

/**
 * Builds the house from its configuration and opens its doors. When one door cannot be opened, none stays open.
 *
 * @throws Error with one sentence: which address cannot be had and what to do
 */
export async function openApp(config: Config, log: Log, ledger?: Ledger): Promise<App> {
  const doors: Listening[] = []
  let adminDoor: Listening | undefined
  const environments = new Map<string, ConnectedEnvironment>()
  const connector = createConnector(config, log, { ledger })
  let emulator: Emulator | undefined
  let hasStarted = false
  let isDraining = false
  let giveUp = () => {}
  let fail = (_: undefined) => {}
  const failed = new Promise<undefined>((resolve) => {
    fail = resolve
  })

  async function environmentOf(name: string): Promise<ConnectedEnvironment> {
    const known = environments.get(name)
    if (known) return known
    const facts = name === 'emulator' ? await emulate() : config.environments[name]
    if (!facts) throw new Error(`No environment is called "${name}".`)
    const connected = connector.connect(facts)
    environments.set(name, connected)
    return connected
  }

  async function emulate(): Promise<Environment> {
    emulator = await openEmulator(config.emulator)
    return { name: 'emulator', ...emulator }
  }

  async function openListener(listener: Listener): Promise<OpenListener> {
    const environment = await environmentOf(listener.environment)
    const { name, apiUrl, quota, exchange } = environment
    const { access, clientKey } = listener
    const proxy = createProxy({ ...listener, environment: name, apiUrl, exchange, observe: logCalls(log), log })
    const way = config.listeners.length > 1 ? `in the listener of ${name}` : 'with --port'
    const door = await open(proxy, listener, way)
    doors.push(door)
    const { port, addresses } = door
    return { environment: name, access, port, addresses, apiUrl, quota, wantsClientKey: clientKey !== undefined }
  }

  async function openAdmin(): Promise<string | undefined> {
    if (!config.admin.enabled) return undefined
    const health = {
      hasStarted: () => hasStarted,
      obstacles: () => (isDraining ? ['The proxy is shutting down.'] : loginObstacles(environments.values()))
    }
    const allowedHosts = config.listeners.flatMap((listener) => listener.allowedHosts)
    const admin = createAdmin(health, { host: config.admin.host, allowedHosts })
    adminDoor = await open(admin, config.admin, 'with --admin-port')
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
    await connector.close()
    // Who waited has just been told, and needs a moment to hear it.
    await Promise.race([closing, pause(mostMsToHear, undefined, { ref: false })])
    for (const door of doors) door.abandon()
    await closing
    // Health is told to the end: a probe that finds nobody could not tell a drain from a crash.
    const closingAdmin = adminDoor?.close()
    adminDoor?.abandon()
    await closingAdmin
    await emulator?.close()
  }

  try {
    const listeners: OpenListener[] = []
    for (const listener of config.listeners) listeners.push(await openListener(listener))
    const adminUrl = await openAdmin()
    hasStarted = true
    return {
      listeners,
      adminUrl,
      failed,
      drain(seconds) {
        isDraining = true
        for (const { limiter } of environments.values()) {
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
