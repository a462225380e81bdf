import { setTimeout as pause } from 'node:timers/promises'
import type { Quota } from '../../src/servicechannel/environments.js'
import { scProxyCandidate } from './candidates.js'
import { load } from './load.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import { createScope, type Scope } from './scope.js'
import { startSubject } from './subject.js'
import { shapes, startUpstream, type Upstream } from './upstream.js'

/** So few that nearly all calls wait, so many that there is something to measure. */
const binding: Quota = { calls: 1000, windowSeconds: 1 }
const levels = [1, 10, 100, 1000, 10_000]
/** Until all connections are open and the line is as long as it gets, in seconds. */
const fillTime = (connections: number) => 3 + Math.round(connections / 1000)

/**
 * What a call costs as connections and waiting calls grow in number. Every connection asks again as soon as it is
 * answered, so under a binding quota nearly as many calls wait as there are connections.
 */
export async function growth(scope: Scope, options: Options): Promise<void> {
  const upstream = await startUpstream(scope)
  const rows: string[][] = []
  for (const level of levels) {
    const free = await costAt(scope, level, upstream, options)
    const queued = await costAt(scope, level, upstream, options, binding)
    rows.push([level.toLocaleString('en-US'), free.rate, free.cpu, free.rss, queued.rate, queued.cpu, queued.rss])
    console.error(`${level} done`)
  }
  const unit = ['calls/s', 'CPU µs a call', 'MiB']
  const head = ['connections', ...unit.map((text) => `free: ${text}`), ...unit.map((text) => `waiting: ${text}`)]
  console.log(`${scProxyCandidate.title}: every connection has one call under way\n\n${table(head, rows)}`)
}

async function costAt(
  outer: Scope,
  connections: number,
  upstream: Upstream,
  { node, seconds }: Options,
  quota?: Quota
): Promise<{ rate: string; cpu: string; rss: string }> {
  const scope = createScope()
  outer.defer(scope.close)
  const shape = shapes[0]!
  const { url, program } = await startSubject(scope, { upstream, quota }, { node, path: shape.path })
  const fillSeconds = fillTime(connections)
  const loading = load({ url, shape, connections, seconds: fillSeconds + seconds + 1 })

  await pause(fillSeconds * 1000)
  const [cpuBefore, callsBefore, from] = [program.cpuMs(), await upstream.requests(), performance.now()]
  await pause(seconds * 1000)
  const [cpuMs, calls] = [program.cpuMs() - cpuBefore, (await upstream.requests()) - callsBefore]
  const tookSeconds = (performance.now() - from) / 1000
  const rss = program.rssMiB()

  const { errors } = await loading
  if (errors > 0) console.error(`${connections} connections: ${errors} calls failed`)
  await scope.close()
  return {
    rate: Math.round(calls / tookSeconds).toLocaleString('en-US'),
    cpu: Math.round((cpuMs * 1000) / calls).toLocaleString('en-US'),
    rss: String(Math.round(rss))
  }
}
