import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createLedger } from '../../src/limiter/ledger.js'
import { createLimiter, type Lease, type Limiter } from '../../src/limiter/limiter.js'
import { createWindow } from '../../src/limiter/window.js'
import { describeMachine } from './machine.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import type { Scope } from './scope.js'
import { spread } from './statistics.js'

/** So many that a place is always free, so short that places come back while it is measured. */
const quota = { calls: 20_000, windowMs: 2000 }
/** How many calls come in one moment, and how often, in ms. */
const bursts: readonly { calls: number; everyMs: number }[] = [
  { calls: 1, everyMs: 2 },
  { calls: 10, everyMs: 5 },
  { calls: 100, everyMs: 50 }
]
const claim = { client: 'benchmark', priority: 3 }
const warmUpSeconds = 3
/** Until the first permits are there. */
const fillMs = 1000

/**
 * What the limiter adds to a call that finds a free place, under an application's and a company's window, both written
 * down as they are in the product: the CPU time of the whole process, with the timers and permits behind the calls, less
 * that of the same loop without a limiter.
 */
export async function limiter(scope: Scope, options: Options): Promise<void> {
  const { rounds, seconds } = options
  const trouble = { lost: fail, found() {}, damaged: fail }
  const ledger = createLedger({ folder: join(scope.folder(), 'state'), trouble })
  const company = createWindow(quota, { page: ledger.page('company') })
  scope.defer(() => company.close())
  const queue = { maxCalls: 1000, maxWaitMs: 1000 }
  const subject = createLimiter({ application: quota, page: ledger.page('application'), company, queue })
  scope.defer(() => subject.close())

  await pause(fillMs)
  const rows: string[][] = []
  for (const burst of bursts) {
    await spend(burst, warmUpSeconds, subject)
    await spend(burst, 1, undefined)
    const [whole, calling, missed]: [number[], number[], number[]] = [[], [], []]
    for (let i = 1; i <= rounds; i++) {
      const without = await spend(burst, seconds, undefined)
      const with_ = await spend(burst, seconds, subject)
      whole.push(with_.cpuUs - without.cpuUs)
      calling.push(with_.callingUs - without.callingUs)
      missed.push(with_.missed * 100)
    }
    rows.push([`${burst.calls} every ${burst.everyMs} ms`, spread(whole, 1), spread(calling, 1), spread(missed, 1)])
    console.error(`${burst.calls} at once: done`)
  }
  const head = ['calls', 'CPU µs a call', 'of these on the call’s own way, µs', 'found no place, %']
  console.log(`${describeMachine(options)}\n\n${table(head, rows)}`)
}

/** Per call, in µs: CPU time of the process, and time spent in the two verbs; and the share that found no place. */
async function spend(
  { calls, everyMs }: { calls: number; everyMs: number },
  seconds: number,
  limiter: Limiter | undefined
): Promise<{ cpuUs: number; callingUs: number; missed: number }> {
  const [cpu, from] = [process.cpuUsage(), performance.now()]
  let [sent, missed, callingMs] = [0, 0, 0]
  let under: (Lease | undefined)[] = []
  while (performance.now() - from < seconds * 1000) {
    const at = performance.now()
    // Those of the moment before are answered, then the next depart.
    for (const lease of under) lease?.report({ kind: 'spent' })
    under = []
    for (let i = 0; i < calls; i++) {
      const lease = limiter?.tryAcquire(claim)
      if (limiter && !lease) missed++
      under.push(lease)
    }
    callingMs += performance.now() - at
    sent += calls
    await pause(everyMs)
  }
  for (const lease of under) lease?.report({ kind: 'spent' })
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / sent, callingUs: (callingMs * 1000) / sent, missed: missed / sent }
}

function fail(reason: Error | string): never {
  throw reason instanceof Error ? reason : new Error(reason)
}
