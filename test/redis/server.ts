import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A real server that keeps nothing on the disk: the one that is asked for, or what is installed; undefined without. */
const asked = process.env.REDIS_SERVER
const program = (asked === undefined ? ['redis-server', 'valkey-server'] : [asked]).find(
  (name) => spawnSync(name, ['--version']).status === 0
)
const client = program?.replace(/server$/, 'cli') ?? 'redis-cli'

/** Which server these tests speak with, as it calls itself. */
export const serverVersion = program && /^(.*?) sha=/.exec(`${spawnSync(program, ['--version']).stdout}`)?.[1]

/** What to hand to `t.test` as `skip`: loud, since much goes unproved without a server. */
export const withoutRedis =
  program === undefined
    ? `*** ${asked ?? 'redis-server'} is NOT INSTALLED: nothing that is shared is proved here ***`
    : false

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** kill -9. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  /** Stops answering, and goes on. */
  freeze(): void
  thaw(): void
  /** Says this to it, as redis-cli would. */
  say(...words: string[]): string
}

/** @param tls certificate and key; then it speaks nothing but TLS, as `localhost` */
export async function startRedis(
  t: Test,
  args: string[] = [],
  tls?: { cert: string; key: string }
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-redis-'))
  const port = await freePort()
  const door = tls === undefined ? ['--port', `${port}`] : tlsDoor(folder, port, tls)
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    const started = spawn(
      program ?? 'redis-server',
      [...door, '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] }
    )
    server = started
    await new Promise<void>((resolve, reject) => {
      started.stdout.on('data', (text) => /ready to accept/i.test(`${text}`) && resolve())
      started.once('exit', (code) => reject(new Error(`redis-server ended (${code})`)))
    })
  }

  async function kill(): Promise<void> {
    const gone = server
    if (gone === undefined || gone.exitCode !== null || gone.signalCode !== null) return
    const ended = new Promise((resolve) => gone.once('exit', resolve))
    gone.kill('SIGKILL')
    await ended
  }

  t.teardown(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    url: tls === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`,
    port,
    kill,
    start,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    say: (...words) => spawnSync(client, ['-p', `${port}`, ...words], { encoding: 'utf8' }).stdout.trim()
  }
}

function tlsDoor(folder: string, port: number, { cert, key }: { cert: string; key: string }): string[] {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  const named = ['--tls-cert-file', files.cert, '--tls-key-file', files.key, '--tls-ca-cert-file', files.cert]
  return ['--port', '0', '--tls-port', `${port}`, '--tls-auth-clients', 'no', ...named]
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
