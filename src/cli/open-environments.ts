import type { Config, Environment } from '../config/schema.js'
import type { Emulator } from '../emulator/emulator.js'
import type { Log } from '../telemetry/log.js'
import { type ConnectedEnvironment, createConnector, type Ports } from './environments.js'
import { openEmulator } from './open-emulator.js'
import { type KeptSession, openSession } from './open-session.js'
import type { FileWatch } from './watch-files.js'

/** The environments that listeners lead to. */
export interface Environments {
  /**
   * Opens an environment when it is first asked for.
   *
   * @throws Error with one sentence: its session file cannot be used, or the emulator's port
   */
  open(name: string): Promise<ConnectedEnvironment>
  /** Those that are open. */
  all(): Iterable<ConnectedEnvironment>
  /** Takes over other secrets, users and passwords; another client id has other quotas: a matter for a restart. */
  reconfigure(config: Config): Promise<void>
  /** Session files are not followed any longer. */
  stopFollowing(): void
  /** Refuses whoever still waits, and cuts what is still open. */
  close(): Promise<void>
  /** Comes after everybody's goodbyes, which the emulator still hears. */
  closeEmulator(): Promise<void>
}

export function createEnvironments(config: Config, log: Log, ports: Ports): Environments {
  const connector = createConnector(config, log, ports)
  const environments = new Map<string, ConnectedEnvironment>()
  const sessions = new Map<string, KeptSession>()
  const watches: FileWatch[] = []
  let emulator: Emulator | undefined

  async function emulate(): Promise<Environment> {
    emulator = await openEmulator(config.emulator)
    return { name: 'emulator', ...emulator }
  }

  return {
    async open(name) {
      const known = environments.get(name)
      if (known) return known
      const facts = name === 'emulator' ? await emulate() : config.environments[name]
      if (!facts) throw new Error(`No environment is called "${name}".`)
      const session = await openSession(facts, log)
      const connected = connector.connect(facts, session)
      if (session) {
        sessions.set(name, session)
        watches.push(session.follow(connected.tokens))
      }
      environments.set(name, connected)
      return connected
    },
    all: () => environments.values(),
    async reconfigure(next) {
      for (const { name, clientId, tokens } of environments.values()) {
        const facts = next.environments[name]
        if (facts?.credentials.clientId !== clientId) continue
        const { clientSecret, username, password } = facts.credentials
        const session = sessions.get(name)
        if (session) await session.adopt(facts, tokens)
        else tokens.replaceCredentials({ clientId, clientSecret, username, password })
      }
    },
    stopFollowing() {
      for (const watch of watches) watch.close()
    },
    close: () => connector.close(),
    closeEmulator: async () => emulator?.close()
  }
}
