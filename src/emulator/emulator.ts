import { createApi } from './api.js'
import { createCertificates } from './certificates.js'
import { defaultClient, type EmulatorClient } from './clients.js'
import { createStore } from './data/store.js'
import { type Host, listen } from './host.js'
import { createLogin } from './login.js'
import { seededRandom } from './random.js'
import type { Scenario } from './scenario-schema.js'
import { createStorage } from './storage.js'
import { createTokens } from './tokens.js'

export { defaultClient, type EmulatorClient } from './clients.js'

export interface EmulatorOptions {
  /** Settings, from readScenario(). */
  scenario: Scenario
  /** Default `localhost`: 127.0.0.1 and ::1, where present. */
  host?: string
  /** Default 0: any free port. */
  apiPort?: number
  /** Default 0: any free port. */
  loginPort?: number
  /** Who may log in. Default: one invented client with one user. */
  clients?: EmulatorClient[]
  /** Wall clock in milliseconds; token lives, call windows and the Date header follow it. Default Date.now. */
  now?: () => number
}

export interface Emulator {
  /** Origin of the API, as `https://localhost:41234`. */
  readonly apiUrl: string
  /** Origin of the login server. */
  readonly loginUrl: string
  /** PEM of the throw-away certificate authority both are signed by. */
  readonly ca: string
  /** The first client and its first user. */
  readonly credentials: { clientId: string; clientSecret: string; username: string; password: string }
  /** The application limit as the scenario states it. */
  readonly quota: { calls: number; windowSeconds: number }
  /** The company limit as the scenario states it. */
  readonly companyQuota: { calls: number; windowSeconds: number }
  /** Stops listening and closes every connection. */
  close(): Promise<void>
}

/**
 * Starts an offline ServiceChannel: a login host, an API host and a file store, all over verified TLS on this machine. It
 * imitates what is publicly known of the service, with invented data; it is not the service. Throws when a port is taken.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { scenario, host = 'localhost', clients = [defaultClient], now = Date.now } = options
  const [client] = clients
  const [user] = client?.users ?? []
  if (!client || !user) throw new TypeError('The emulator needs at least one client with one user')
  const certificates = await createCertificates(host)
  const common = { certificates, tls: scenario.tls, now }
  const tokens = createTokens(scenario.login, now)
  const store = createStore({ seed: scenario.seed, now, replicaLagSeconds: scenario.api.replicaLagSeconds })
  const storage = createStorage(common)
  const login = createLogin({
    ...common,
    settings: scenario.login,
    clients,
    tokens,
    random: seededRandom(scenario.seed)
  })
  let storageUrl = ''
  const api = createApi({
    ...common,
    settings: scenario.api,
    tokens,
    store,
    random: seededRandom(scenario.seed + 1),
    signedUri: (attachment) => storage.signedUri(storageUrl, attachment)
  })

  const hosts: Host[] = [api, login, storage.app]
  const close = async () => {
    await Promise.all(hosts.map((each) => each.close()))
  }
  try {
    storageUrl = await listen(storage.app, host, 0)
    const loginUrl = await listen(login, host, options.loginPort ?? 0)
    const apiUrl = await listen(api, host, options.apiPort ?? 0)
    const { clientId, clientSecret } = client
    return {
      apiUrl,
      loginUrl,
      ca: certificates.ca,
      credentials: { clientId, clientSecret, username: user.username, password: user.password },
      quota: statedIn(scenario.api.quota),
      companyQuota: statedIn(scenario.api.companyQuota),
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

function statedIn({ calls, windowSeconds }: Scenario['api']['quota']) {
  return { calls, windowSeconds }
}
