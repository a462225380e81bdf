import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startEmulator } from '../../src/emulator/emulator.js'
import { readScenario } from '../../src/emulator/scenario.js'
import { call, type Seen } from './clients.js'
import { report } from './report.js'
import { startWitness } from './witness.js'

/*
 * Everything at once for a given time: an emulator that fails, a real limit below the stated one, short tokens, clients
 * of every manner. Ends with a table, and with exit code 1 when a call was lost or doubled.
 */

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, clients: { type: 'string', default: '24' } }
})
const minutes = Number(values.minutes)
const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-soak-'))

const emulator = await startEmulator({ scenario: await readScenario(join(root, 'test/soak/scenario.json')) })
const witness = await startWitness(emulator)
writeFileSync(join(folder, 'ca.pem'), witness.ca)
writeFileSync(
  join(folder, 'config.json'),
  JSON.stringify({
    listeners: [{ environment: 'soak', port: 0 }],
    admin: { enabled: false },
    stateDir: join(folder, 'state'),
    environments: {
      soak: {
        apiUrl: witness.apiUrl,
        loginUrl: witness.loginUrl,
        caFile: 'ca.pem',
        quota: emulator.quota,
        companyQuota: emulator.companyQuota,
        credentials: emulator.credentials
      }
    }
  })
)

const proxy = spawn(
  process.execPath,
  [join(root, 'dist/main.js'), 'start', '--config', join(folder, 'config.json'), '--log-format', 'json'],
  {
    stdio: ['ignore', 'pipe', 'inherit']
  }
)
process.on('exit', () => proxy.kill('SIGKILL'))
proxy.stdout.pipe(createWriteStream(join(folder, 'log')))
const port = await portOf(proxy)
const seen: Seen[] = []
const agent = new http.Agent({ keepAlive: true })
const ends = performance.now() + minutes * 60_000

async function client(): Promise<void> {
  while (performance.now() < ends) {
    seen.push(await call(port, agent, Math.random))
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400))
  }
}

seen.push(await call(port, agent, () => 0.5))
const start = measure(proxy)
let highestMiB = start.memoryMiB
const sampling = setInterval(() => {
  highestMiB = Math.max(highestMiB, measure(proxy).memoryMiB)
}, 1000)
await Promise.all(Array.from({ length: Number(values.clients) }, client))
clearInterval(sampling)
agent.destroy()
await new Promise((resolve) => setTimeout(resolve, 6000))
const end = measure(proxy)

const { table, faults } = report({
  seen,
  calls: witness.calls,
  logins: witness.logins,
  minutes,
  memory: { startMiB: start.memoryMiB, highestMiB, endMiB: end.memoryMiB },
  handles: { start: start.handles, end: end.handles }
})
process.stdout.write(`${table}\n`)
for (const fault of faults.slice(0, 20)) process.stdout.write(`lost or doubled: ${fault}\n`)

proxy.kill('SIGTERM')
const code = await new Promise((resolve) => proxy.once('exit', resolve))
process.stdout.write(`the proxy ended with exit code ${code}\n`)
witness.close()
await emulator.close()
process.exitCode = faults.length === 0 && code === 0 ? 0 : 1

/** The port in the first log line that says where the proxy listens. */
function portOf({ stdout }: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let text = ''
    stdout?.on('data', (chunk) => {
      text += chunk
      const found = /listening on [^"]*?:(\d+)/.exec(text)?.[1]
      if (found) resolve(Number(found))
    })
  })
}

/** Resident memory and open files of a process (proc(5)). */
function measure({ pid }: ChildProcess): { memoryMiB: number; handles: number } {
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { memoryMiB: Math.round(Number(resident) / 1024), handles: readdirSync(`/proc/${pid}/fd`).length }
}
