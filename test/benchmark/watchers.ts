import http from 'node:http'
import { ask, freePort } from './ask.js'
import { load } from './load.js'
import { describeMachine } from './machine.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import type { ScProxySettings } from './sc-proxy.js'
import type { Scope } from './scope.js'
import { ratiosOf, type Sample, spread, valuesOf } from './statistics.js'
import { type Subject, startSubject } from './subject.js'
import { shapes, startUpstream } from './upstream.js'

/** How many calls the recorder keeps. */
const keptCalls = 5000
const scrapeMs = 1000

interface Watched {
  readonly name: string
  readonly title: string
  readonly settings?: Pick<ScProxySettings, 'recorder' | 'adminPort'>
  /** Begins to watch, given the address of the admin listener; returns what ends it. */
  readonly watch?: (admin: string) => () => void
}

const plain = 'plain'
const ways: readonly Watched[] = [
  { name: plain, title: 'nobody watches' },
  { name: 'no-admin', title: 'no admin listener', settings: { adminPort: false } },
  { name: 'scraped', title: 'metrics read once a second', watch: scrape },
  { name: 'recorded', title: 'recorder on', settings: { recorder: keptCalls } },
  { name: 'followed', title: 'recorder on, a page follows it', settings: { recorder: keptCalls }, watch: follow }
]

/**
 * What it costs to be watched: throughput and CPU time beside those of the same program that nobody watches, in the same
 * round. All run from the beginning, and only what is measured is watched, so that the others stay idle.
 */
export async function watchers(scope: Scope, options: Options): Promise<void> {
  const upstream = await startUpstream(scope)
  const shape = shapes[0]!
  const connections = options.connections.at(-1) ?? 64
  const running = new Map<string, { subject: Subject; admin: string }>()
  for (const { name, settings } of ways) {
    const adminPort = settings?.adminPort ?? (await freePort())
    const subject = await startSubject(scope, { ...settings, upstream, adminPort }, { ...options, path: shape.path })
    const admin = `http://127.0.0.1:${adminPort}`
    await load({ url: subject.url, shape, connections, seconds: 3 })
    while (settings?.recorder !== undefined && (await kept(admin)) < keptCalls)
      await load({ url: subject.url, shape, connections, seconds: 1 })
    running.set(name, { subject, admin })
  }

  const rounds: Map<string, Sample>[] = []
  for (let i = 0; i < options.rounds; i++) {
    const round = new Map<string, Sample>()
    const turn = i % ways.length // everybody is first once: machines drift within a round, too
    for (const { name, watch } of [...ways.slice(turn), ...ways.slice(0, turn)]) {
      const { subject, admin } = running.get(name)!
      const stop = watch?.(admin)
      const before = subject.program.cpuMs()
      const result = await load({ url: subject.url, shape, connections, seconds: options.seconds })
      const cpu = ((subject.program.cpuMs() - before) * 1000) / result.requests
      stop?.()
      if (result.errors > 0) throw new Error(`${result.errors} calls failed`)
      round.set(
        name,
        new Map([
          ['rate', result.perSecond],
          ['cpu', cpu]
        ])
      )
    }
    rounds.push(round)
    console.error(`round ${i + 1} of ${options.rounds}`)
  }

  const rows = ways.map(({ name, title }) => [
    title,
    ...['rate', 'cpu'].map((measure) => spread(valuesOf(rounds, name, measure), 0)),
    ...['rate', 'cpu'].map((measure) => (name === plain ? '–' : spread(ratiosOf(rounds, name, plain, measure))))
  ])
  const head = [`${connections} connections`, 'req/s', 'CPU µs/req', 'req/s, ratio', 'CPU, ratio']
  console.log(`${describeMachine(options)}\n\n${table(head, rows)}`)
}

/** How many calls the recorder has now. */
async function kept(admin: string): Promise<number> {
  const { body } = await ask({ url: `${admin}/api/calls` })
  return JSON.parse(body.toString()).recording.calls
}

function scrape(admin: string): () => void {
  const timer = setInterval(() => ask({ url: `${admin}/metrics` }).catch(() => {}), scrapeMs)
  return () => clearInterval(timer)
}

/** Reads the stream of events, as the inspector's page does. */
function follow(admin: string): () => void {
  const request = http.get(`${admin}/api/events`, (response) => response.on('error', () => {}).resume())
  request.on('error', () => {})
  return () => void request.destroy()
}
