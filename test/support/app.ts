import { Writable } from 'node:stream'
import type { Test } from 'tap'
import { openApp } from '../../src/cli/app.js'
import { loadConfig } from '../../src/config/load.js'
import { createLog } from '../../src/telemetry/log.js'

/** The whole proxy in this process, on free ports, in front of the emulator unless the variables say otherwise. */
export async function startApp(t: Test, env: Readonly<Record<string, string>> = {}) {
  const loaded = loadConfig({ argv: [], env: { SC_PROXY_PORT: '0', SC_PROXY_ADMIN_PORT: '0', ...env } })
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'))
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const app = await openApp(loaded.config, await createLog({ level: 'silent', format: 'json', stream: nowhere }))
  t.teardown(() => app.drain(0))
  return { app, url: `http://127.0.0.1:${app.listeners[0]?.port}`, adminUrl: app.adminUrl! }
}
