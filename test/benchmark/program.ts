import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { ask, type Question } from './ask.js'

/** Load and upstream share the first core; whoever is measured has the second for itself. */
export const loadCore = 0
export const candidateCore = 1

export interface ProgramOptions {
  command: readonly string[]
  env?: Readonly<Record<string, string>>
  core: number
  /** Where its output goes. */
  log: string
  /** Also opens a channel for messages. */
  messages?: boolean
}

/** A child process that is pinned to one core. */
export interface Program {
  readonly child: ChildProcess
  /** `performance.now()` just before it was started. */
  readonly startedAt: number
  /** User and system time of all its threads so far, in ms; steps of 10. */
  cpuMs(): number
  rssMiB(): number
  /** The most since the last call of this; since the start at first. */
  takePeakRssMiB(): number
  /** The end of what it has written. */
  output(): string
  stop(): Promise<void>
}

/** Node's own variables and those of the project must not decide a measurement, so a child gets only these. */
const plainEnvironment = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }

/** Linux counts CPU time for programs in hundredths of a second, whatever the kernel's own tick. */
const msPerTick = 10

export function startProgram({ command, env = {}, core, log, messages = false }: ProgramOptions): Program {
  const output = openSync(log, 'w')
  const startedAt = performance.now()
  const child = spawn('taskset', ['-c', String(core), ...command], {
    stdio: ['ignore', output, output, ...(messages ? ['ipc' as const] : [])],
    env: { ...plainEnvironment, ...env }
  })
  closeSync(output)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const proc = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8')
  const memory = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(proc('status'))?.[1]) / 1024

  return {
    child,
    startedAt,
    cpuMs() {
      // The second field is the name in brackets and may hold anything; utime and stime are fields 14 and 15 (proc(5)).
      const fields = proc('stat').split(') ').at(-1)?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) * msPerTick
    },
    rssMiB: () => memory('VmRSS'),
    takePeakRssMiB() {
      const peak = memory('VmHWM')
      writeFileSync(`/proc/${child.pid}/clear_refs`, '5') // begins the high-water mark anew (proc(5))
      return peak
    },
    output: () => readFileSync(log, 'utf8').slice(-2000),
    async stop() {
      child.kill('SIGTERM')
      const impatient = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(impatient)
    }
  }
}

/**
 * Asks until the program answers 200 and returns how long that took from its start, in ms.
 *
 * @throws Error with its output when it ends, answers anything else, or takes more than 60 s
 */
export async function firstAnswer(program: Program, question: Question): Promise<number> {
  while (performance.now() - program.startedAt < 60_000) {
    if (program.child.exitCode !== null) throw new Error(`it ended at once:\n${program.output()}`)
    const reply = await ask(question).catch(() => undefined)
    if (reply?.status === 200) return performance.now() - program.startedAt
    if (reply) throw new Error(`it answers ${reply.status}: ${reply.body}\n${program.output()}`)
    await pause(1)
  }
  throw new Error(`it does not answer:\n${program.output()}`)
}

/** Keeps this process, and what it starts without saying otherwise, off the candidate's core. */
export function pinThisProcess(): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(loadCore), String(process.pid)])
}
