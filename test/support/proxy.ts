import { pino } from 'pino'
import type { Test } from 'tap'
import { createAdmin } from '../../src/admin/admin.js'
import { type Connector, createConnector, type Ports } from '../../src/cli/environments.js'
import { listen } from '../../src/cli/listen.js'
import { loginObstacles } from '../../src/cli/login-obstacles.js'
import type { Environment, Listener } from '../../src/config/schema.js'
import { createProxy } from '../../src/proxy/proxy.js'
import type { CallRecord } from '../../src/telemetry/records.js'
import { credentials } from './servicechannel.js'

export interface TestProxyOptions {
  environment: Pick<Environment, 'apiUrl' | 'loginUrl'> & Partial<Environment>
  listener?: Partial<Listener>
  queue?: { maxCalls: number; maxWaitSeconds: number }
  timeouts?: { connectSeconds: number; headersSeconds: number; bodySeconds: number; loginSeconds: number }
  tls?: { minVersion: 'TLSv1.2' | 'TLSv1.3'; maxVersion: 'TLSv1.2' | 'TLSv1.3' }
  upstreamProxy?: string
  noProxy?: string
  /** Connections to one origin at most. */
  connections?: number
  ports?: Ports
  /** Of another proxy, as in one process with several environments. */
  connector?: Connector
}

/** The real corridor and rooms, on a free port, with its log lines and call records kept. */
export async function startProxy(t: Test, options: TestProxyOptions) {
  const records: CallRecord[] = []
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const own = createConnector(
    {
      queue: options.queue ?? { maxCalls: 1000, maxWaitSeconds: 120 },
      timeouts: options.timeouts ?? { connectSeconds: 5, headersSeconds: 5, bodySeconds: 5, loginSeconds: 5 },
      pool: { connections: options.connections ?? 64 },
      tls: options.tls ?? { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
      ...(options.upstreamProxy && { upstreamProxy: options.upstreamProxy, noProxy: options.noProxy ?? '' })
    },
    log,
    options.ports
  )
  const { connector = own } = options
  const environment: Environment = {
    name: 'mine',
    quota: { calls: 10_000, windowSeconds: 60 },
    credentials,
    ...options.environment
  }
  const { exchange, limiter, tokens } = connector.connect(environment)
  const app = createProxy({
    host: '127.0.0.1',
    access: 'read-write',
    allowedHosts: [],
    allowedOrigins: [],
    rules: { allow: [], deny: [] },
    priority: 3,
    ...options.listener,
    environment: environment.name,
    apiUrl: environment.apiUrl,
    exchange,
    observe: (record) => void records.push(record),
    log
  })
  const obstacles = () => loginObstacles([{ name: environment.name, tokens }])
  const admin = createAdmin({ hasStarted: () => true, obstacles }, { host: '127.0.0.1', allowedHosts: [] })
  let open = 0
  app.addHook('onRequest', async () => void open++)
  const door = await listen(app, '127.0.0.1', 0)
  t.teardown(async () => {
    await connector.close()
    door.abandon()
    await door.close()
  })
  return {
    connector,
    port: door.port,
    url: `http://127.0.0.1:${door.port}`,
    addresses: door.addresses,
    records,
    lines,
    limiter,
    tokens,
    door,
    server: app.server,
    open: () => open,
    /** What the admin listener says: `ready`, or its reasons why not. */
    async readiness(): Promise<string> {
      const { status, reasons } = (await admin.inject('/readiness')).json()
      return reasons?.join(' ') ?? status
    }
  }
}
