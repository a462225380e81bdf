import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { openApp } from '../../src/cli/app.js'
import { loadConfig } from '../../src/config/load.js'
import { credentials, type ServerOptions, startServiceChannel } from '../support/servicechannel.js'

export interface InspectedOptions extends Pick<ServerOptions, 'answer'> {
  inspector?: object
  /** Any other settings. */
  settings?: object
  /** The name of the environment. */
  environment?: string
  quota?: { calls: number; windowSeconds: number }
  /** A second environment, behind a read-only listener. */
  beside?: string
}

export const token = 'CANARY-inspector-token'

/** The whole proxy with its inspector, in front of an independent ServiceChannel. */
export async function startInspected(t: Test, options: InspectedOptions = {}) {
  const {
    answer,
    inspector,
    settings,
    beside,
    environment = 'mine',
    quota = { calls: 10_000, windowSeconds: 60 }
  } = options
  const service = await startServiceChannel(t, answer && { answer })
  const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'ca.pem'), service.ca)
  const { apiUrl, loginUrl } = service
  const facts = { apiUrl, loginUrl, caFile: join(folder, 'ca.pem'), credentials, quota }
  const listeners = [
    { environment, port: 0 },
    { environment: beside, port: 0, access: 'read-only' }
  ]
  const file = {
    ...(beside ? { listeners } : { environment, port: 0 }),
    admin: { port: 0 },
    environments: {
      [environment]: facts,
      ...(beside && { [beside]: { ...facts, credentials: { ...credentials, clientId: 'PR.2.b' } } })
    },
    inspector: { token, ...inspector },
    ...settings
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(file))
  const loaded = loadConfig({ argv: ['--config', join(folder, 'config.json')], env: {} })
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'))
  const log: string[] = []
  const app = await openApp(loaded.config, pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }))
  t.teardown(() => app.drain(0))
  const admin = app.adminUrl ?? ''
  const authorization = `Bearer ${token}`

  return {
    app,
    log,
    service,
    url: `http://127.0.0.1:${app.listeners[0]?.port}`,
    besideUrl: `http://127.0.0.1:${app.listeners[1]?.port}`,
    admin,
    /** The admin's answer to one who has the token. */
    ask: (path: string, init: RequestInit = {}) =>
      fetch(`${admin}${path}`, { ...init, headers: { authorization, ...(init.headers as Record<string, string>) } }),
    /** What it says to them, parsed. */
    async get<T = Record<string, unknown>>(path: string): Promise<T> {
      return (await fetch(`${admin}${path}`, { headers: { authorization } })).json() as Promise<T>
    }
  }
}

/** What the API says of a call. */
export interface Detail {
  id: number
  requestId: string
  environment: string
  client: string
  method: string
  path: string
  target: string
  status: number
  isOpen: boolean
  problem?: string
  replayOf?: number
  notes: string[]
  ahead: number
  queueMs: number
  request: { headers: { name: string; value: string }[]; body: BodyView }
  response: { status: number; headers: { name: string; value: string }[]; body: BodyView }
}

export interface BodyView {
  size: number
  kept: number
  clipped: boolean
  hidden: number
  note?: string
  text?: string
  base64?: string
}
