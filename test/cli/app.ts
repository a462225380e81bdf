import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { openApp } from '../../src/cli/app.js'
import type { Command } from '../../src/cli/command.js'
import type { Neighbours } from '../../src/cli/neighbours.js'
import { run } from '../../src/cli/run.js'
import { type Config, loadConfig } from '../../src/config/load.js'
import { processWith } from '../config/process.js'
import { credentials, type startServiceChannel } from '../support/servicechannel.js'

/** A folder of the test's own, with these files in it. */
export function folderWith(t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

type Service = Pick<Awaited<ReturnType<typeof startServiceChannel>>, 'apiUrl' | 'loginUrl' | 'ca'>

/** A configuration file in front of an independent ServiceChannel, and the folder it is in. */
export function configFor(t: Test, { apiUrl, loginUrl, ca }: Service, more: object = {}) {
  const environments = { mine: { apiUrl, loginUrl, caFile: 'ca.pem', credentials } }
  const settings = { environment: 'mine', port: 0, admin: { port: 0 }, stateDir: 'none', environments, ...more }
  const folder = folderWith(t, { 'ca.pem': ca, 'config.json': JSON.stringify(settings) })
  return { folder, args: ['--config', join(folder, 'config.json')] }
}

export function configOf(argv: readonly string[], env: Record<string, string> = {}): Config {
  const loaded = loadConfig({ argv, env })
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'))
  return loaded.config
}

/** The whole proxy in this process. `adminArgs` lead a command to it. */
export async function startApp(t: Test, argv: readonly string[], quit = () => {}, neighbours?: Neighbours) {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const app = await openApp(configOf(argv), log, { quit, neighbours })
  t.teardown(() => app.drain(0))
  const adminPort = new URL(app.adminUrl ?? '').port
  return { app, lines, port: app.listeners[0]?.port ?? 0, adminPort, adminArgs: ['--admin-port', adminPort] }
}

/** Runs a command in this process. */
export async function sc(commands: readonly Command[], argv: string[], given: Parameters<typeof processWith>[0] = {}) {
  const { process, stdout, stderr } = processWith({ ...given, argv })
  const code = await run(process, commands)
  return { code, out: stdout(), err: stderr() }
}
