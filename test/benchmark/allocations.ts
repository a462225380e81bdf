import http from 'node:http'
import { ask } from './ask.js'
import type { Heap } from './probe.js'
import type { Scope } from './scope.js'
import { json, startService } from './service.js'
import { median, quantile } from './statistics.js'
import { type Subject, startSubject } from './subject.js'
import { bodyOf, type Shape, shapes } from './upstream.js'

/** What one call costs in things that can be counted, by the name of the thing. */
export type Cost = Record<'bytes' | 'promises' | 'otherAsyncResources', number>

/** Until the compilers have seen enough. */
const warmUpCalls = 6000
/**
 * Few calls in a batch and many batches, of which the leaner ones count: what the limiter and the timers do now and
 * then, depending on how fast the machine is, falls into the others.
 */
const batches = 41
const callsPerBatch = 20
/** So long that the limiter's stock of permits does not shrink meanwhile. */
const quota = { calls: 1_000_000, windowSeconds: 3600 }

/**
 * Counts on one connection, one call after the other, so that nothing depends on timing. The young generation is made
 * so large that no garbage is collected meanwhile: what the heap has grown by is what was allocated.
 */
export async function countAllocations(scope: Scope, node: string): Promise<Map<Shape, Cost>> {
  const counted = shapes.filter(({ gets }) => gets < 10_000) // larger answers come in pieces of any number
  const service = await startService(scope, ({ url = '' }, response) => {
    json(response, 200, bodyOf(counted.find(({ path }) => path === url)?.gets ?? 200))
  })
  const flags = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256']
  const subject = await startSubject(scope, { upstream: service, quota }, { node, path: counted[0]!.path, flags })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  scope.defer(() => agent.destroy())

  const costs = new Map<Shape, Cost>()
  for (const shape of counted) costs.set(shape, await costOf(shape, subject, agent))
  return costs
}

async function costOf({ method, path, sends }: Shape, subject: Subject, agent: http.Agent): Promise<Cost> {
  const question = { url: subject.url + path, method, agent, ...(sends > 0 && { body: bodyOf(sends) }) }
  async function call(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const { status } = await ask(question)
      if (status !== 200) throw new Error(`a call was answered with status ${status}`)
    }
  }

  await call(warmUpCalls)

  let before = await subject.inquire<Heap>('collect')
  /** NaN when V8 has collected garbage all the same, as it may whenever it likes. */
  const bytesOf = async (calls: number): Promise<number> => {
    await call(calls)
    const after = await subject.inquire<Heap>('heap')
    const grown = after.collections > before.collections ? Number.NaN : after.bytes - before.bytes
    before = after
    return grown
  }
  const askingItself = median(undisturbed(await repeat(() => bytesOf(0))))
  const bytes = undisturbed(await repeat(() => bytesOf(callsPerBatch)))

  const countResources = async (calls: number) => {
    await subject.inquire('countResources')
    await call(calls)
    const { PROMISE: promises = 0, ...others } = await subject.inquire<Record<string, number>>('resources')
    return [promises, Object.values(others).reduce((sum, count) => sum + count, 0)]
  }
  const idle = await repeat(() => countResources(0))
  const busy = await repeat(() => countResources(callsPerBatch))
  const least = (counts: number[][], index: number) => Math.min(...counts.map((pair) => pair[index] ?? 0))
  return {
    bytes: Math.round((quantile(bytes, 0.25) - askingItself) / callsPerBatch),
    promises: (least(busy, 0) - least(idle, 0)) / callsPerBatch,
    otherAsyncResources: (least(busy, 1) - least(idle, 1)) / callsPerBatch
  }
}

async function repeat<T>(act: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < batches; i++) results.push(await act())
  return results
}

function undisturbed(values: readonly number[]): number[] {
  const kept = values.filter((value) => !Number.isNaN(value))
  if (kept.length < batches / 2) throw new Error('garbage collections disturbed most of the measurement: try again')
  return kept
}
