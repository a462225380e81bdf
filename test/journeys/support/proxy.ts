import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { outside } from '../../support/outside.js'
import { account, type ServiceChannel } from './servicechannel.js'

export const main = fileURLToPath(new URL('../../../../dist/main.js', import.meta.url))

export interface RunOptions {
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Files in the folder it runs in, by name. */
  files?: Readonly<Record<string, string>>
}

/** The program as a child process, in a folder of its own, with nothing of ours in its environment. */
export interface Run {
  readonly child: ChildProcess
  readonly folder: string
  stdout(): string
  stderr(): string
  /** Resolves when it has ended. `at`: `performance.now()` of this process. */
  readonly ended: Promise<{ code: number | null; signal: string | null; at: number }>
  /** Resolves with the first match in what it has written, rejects when it ends before that. */
  says(pattern: RegExp): Promise<RegExpExecArray>
}

export function run(t: Test, { args = [], env = {}, files = {} }: RunOptions): Run {
  const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-journey-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const own = { ...plainEnvironment(), SC_PROXY_STATE_DIR: join(folder, 'state') }
  const child = spawn(...outside({ ...own, ...env }, [process.execPath, main, ...args]), { cwd: folder })
  const output = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      for (const look of waiting) look()
    })
  }
  let hasEnded = false
  const ended = new Promise<{ code: number | null; signal: string | null; at: number }>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const at = performance.now()
      child.once('close', () => {
        hasEnded = true
        for (const look of waiting) look()
        resolve({ code, signal, at })
      })
    })
  })

  t.teardown(async () => {
    const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000)
    if (child.exitCode === null) {
      // The second one ends its draining.
      child.kill('SIGTERM')
      child.kill('SIGINT')
    }
    await ended
    clearTimeout(impatient)
    rmSync(folder, { recursive: true, force: true })
  })

  return {
    child,
    folder,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output.stdout) ?? pattern.exec(output.stderr)
          if (found) resolve(found)
          else if (hasEnded) reject(new Error(`it ended without saying ${pattern}: ${output.stdout}${output.stderr}`))
          else return
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      })
  }
}

export interface RunningProxy extends Run {
  /** The ports of its listeners, in the order of the configuration. */
  readonly ports: readonly number[]
  readonly port: number
  readonly adminPort: number
}

export interface ListenerSetting {
  environment: string
  [key: string]: unknown
}

export interface Settings {
  listeners?: ListenerSetting[]
  environments: Record<string, object>
  [key: string]: unknown
}

/** Starts the proxy with a configuration file and waits until it says where it listens and that it is ready. */
export async function startProxy(t: Test, settings: Settings, options: RunOptions = {}): Promise<RunningProxy> {
  const { listeners = Object.keys(settings.environments).map((environment) => ({ environment })) } = settings
  const config = {
    admin: { port: 0 },
    ...settings,
    listeners: listeners.map((listener) => ({ port: 0, ...listener }))
  }
  const files = { 'config.json': JSON.stringify(config, null, 2), ...options.files }
  const args = ['start', '--config', 'config.json', ...(options.args ?? [])]
  const started = run(t, { ...options, args, files })
  // One way to match only: a pattern that may try every way to skip a line takes minutes to fail.
  const lines = new RegExp(`(?:listening on [^\\n]*\\n(?:(?!listening on)[^])*){${listeners.length}}`)
  const [said] = await started.says(lines)
  const ports = [...said.matchAll(/listening on \S+?:(\d+)/g)].map(([, port]) => Number(port))
  const adminPort = Number((await started.says(/127\.0\.0\.1:(\d+)\/readiness/))[1])
  return { ...started, ports, port: ports[0] ?? 0, adminPort }
}

/** A ServiceChannel of ours as an environment of the configuration, with a quota no test reaches by accident. */
export function environmentOf(
  service: Pick<ServiceChannel, 'apiUrl' | 'loginUrl' | 'caFile'>,
  more: object = {}
): object {
  const { apiUrl, loginUrl, caFile } = service
  return {
    apiUrl,
    loginUrl,
    caFile,
    quota: { calls: 100_000, windowSeconds: 60 },
    credentials: account,
    ...more
  }
}

/** Settings of the machine's owner must not decide a test. */
function plainEnvironment(): Record<string, string | undefined> {
  const foreign =
    /^(SC_PROXY_.*|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|_?TAP.*)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
