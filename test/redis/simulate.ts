import { setMaxListeners } from 'node:events'
import { parseArgs } from 'node:util'
import { createLimiter, type Limiter } from '../../src/limiter/limiter.js'
import { createContact } from '../../src/redis/contact.js'
import { shareQuota } from '../../src/redis/shared-quota.js'
import { seeded } from '../limiter/simulation.js'
import { createBooks } from './books.js'
import { useVirtualTime } from './virtual-time.js'

/*
 * Many replicas and a day of traffic in virtual time, reproducible by its seed: real limiters, the rules of the script,
 * a network of uneven delays, and a server that counts for itself. Every hour a replica is killed and replaced; half way
 * through Redis is away for ten minutes; at three quarters it is emptied.
 */

const { values } = parseArgs({
  options: {
    replicas: { type: 'string', default: '100' },
    hours: { type: 'string', default: '24' },
    calls: { type: 'string', default: '300' },
    load: { type: 'string', default: '0.8' },
    percent: { type: 'string', default: '34' },
    seed: { type: 'string', default: '1' }
  }
})
const count = Number(values.replicas)
const hours = Number(values.hours)
const quota = { calls: Number(values.calls), windowMs: 60_000 }
const hourMs = 3_600_000
const endMs = hours * hourMs
const random = seeded(Number(values.seed))
Math.random = random // what limiters draw by lot, too
const time = useVirtualTime()
const now = () => performance.now()
const books = createBooks(() => Math.floor(now()))
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const out = (line: string) => process.stdout.write(`${line}\n`)

const window: number[] = []
let first = 0
let fullest = 0
let violations = 0
let questions = 0
const waits: number[] = []
const waitsAway: number[] = []
const away = new Set<number>()
const perMinute: number[] = []
const backlog: number[] = []
let refused = 0
let refusedAway = 0
let isAway = false

/** The server: an independent count of what arrives. */
function arrive(): void {
  window.push(now())
  while (window[first]! <= now() - quota.windowMs) first++
  fullest = Math.max(fullest, window.length - first)
  if (window.length - first > quota.calls) violations++
  const minute = Math.floor(now() / 60_000)
  perMinute[minute] = (perMinute[minute] ?? 0) + 1
  if (first > 10_000) window.splice(0, first)
  if (first > 10_000) first = 0
}

interface Replica {
  limiter: Limiter
  isDead: boolean
  served: number
}

let made = 0
function open(): Replica {
  const replica: Replica = { limiter: undefined as unknown as Limiter, isDead: false, served: 0 }
  const redis = {
    life: 'one',
    onReady: () => () => {},
    async run(_script: unknown, _keys: string[], args: (string | number)[]) {
      questions++
      await wait(0.5 + random() * 2)
      if (isAway || replica.isDead) throw new Error('away')
      const answer = books.exchange(args)
      await wait(0.5 + random() * 2)
      return answer
    }
  }
  const contact = createContact(count, { made() {}, lost() {}, crowded() {} })
  const commons = shareQuota({
    quota,
    key: 'q',
    replica: `r${++made}`,
    seats: count,
    safePercent: Number(values.percent),
    redis,
    contact,
    now
  })
  replica.limiter = createLimiter({ application: quota, commons, queue: { maxCalls: 1000, maxWaitMs: 120_000 } })
  void keepCalling(replica)
  return replica
}

/** Calls per millisecond of one replica: a night, a morning, an afternoon, and some replicas busier than others. */
function rate(eagerness: number): number {
  const day = 1 + 0.6 * Math.sin((2 * Math.PI * (now() - 6 * hourMs)) / (24 * hourMs))
  return (Number(values.load) * eagerness * day * quota.calls) / quota.windowMs / count
}

async function keepCalling(replica: Replica): Promise<void> {
  const eagerness = 0.25 + 1.5 * random()
  while (!replica.isDead && now() < endMs) {
    await wait(-Math.log(random()) / rate(eagerness))
    for (let burst = random() < 0.02 ? 15 : 1; burst > 0; burst--) void call(replica)
  }
}

const nobody = new AbortController().signal
setMaxListeners(0, nobody)

async function call(replica: Replica): Promise<void> {
  try {
    const asked = now()
    const lease = await replica.limiter.acquire({ client: 'a', priority: 3, signal: nobody })
    if (replica.isDead) return
    if (isAway || away.has(Math.floor(asked / 60_000))) waitsAway.push(now() - asked)
    else waits.push(now() - asked)
    await wait(20 + random() * 300)
    arrive()
    await wait(20 + random() * 700)
    lease.report({ kind: 'spent' })
    replica.served++
  } catch {
    if (isAway) refusedAway++
    else refused++
  }
}

const replicas = Array.from({ length: count }, open)
for (let minute = 1; minute <= hours * 60; minute++) {
  await time.runUntil(minute * 60_000)
  backlog[minute - 1] = replicas.reduce((sum, { limiter }) => sum + limiter.snapshot().waiting, 0)
  const part = minute / (hours * 60)
  if (isAway) away.add(minute - 1)
  if (part === 0.5) isAway = true
  if (part * hours * 60 === Math.round(hours * 30) + 10) isAway = false
  if (part === 0.75) books.flush()
  if (minute % 60 === 30) {
    const index = Math.floor(random() * count)
    replicas[index]!.isDead = true
    replicas[index] = open()
  }
}

function quantiles(all: number[]): string {
  const sorted = all.toSorted((a, b) => a - b)
  const at = (part: number) => `${((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) / 1000).toFixed(2)} s`
  return `median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, longest ${at(1)}`
}

const total = perMinute.reduce((sum, calls = 0) => sum + calls, 0)
const waited = (minute: number) => (backlog[minute - 1] ?? 0) >= 10 && (backlog[minute] ?? 0) >= 10
const share = (minutes: number[]) =>
  (100 * minutes.reduce((sum, minute) => sum + (perMinute[minute] ?? 0), 0)) / Math.max(1, minutes.length) / quota.calls
const busy = backlog.map((_, minute) => minute).filter((minute) => waited(minute) && !away.has(minute))
out(`${count} replicas, ${hours} h, ${quota.calls} calls in 60 s, load ${values.load}, seed ${values.seed}`)
out(`calls served           ${total}`)
out(`fullest window         ${fullest} of ${quota.calls}; ${violations} violations`)
out(`utilisation            ${((100 * total) / (quota.calls * hours * 60)).toFixed(1)} % of the time`)
out(`  while 10 calls wait  ${share(busy).toFixed(1)} % (${busy.length} minutes)`)
out(`  without Redis        ${share([...away]).toFixed(1)} % (${away.size} minutes)`)
out(`waits                  ${quantiles(waits)}; ${refused} refused`)
out(`  without Redis        ${quantiles(waitsAway)}; ${refusedAway} refused`)
out(`questions to Redis     ${(questions / (hours * 3600)).toFixed(1)} a second`)
process.exit(violations === 0 ? 0 : 1)
