/**
 * Loaded into a measured process before its program (`--import`): answers questions about that process from its parent.
 * Each message names a question, the answer comes back as one message.
 */
import { createHook } from 'node:async_hooks'
import { Session } from 'node:inspector/promises'
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

export interface Heap {
  /** Bytes in use on V8's heap, and outside of it by buffers. */
  bytes: number
  /** Garbage collections so far. Between two questions without one, the difference in bytes is what was allocated. */
  collections: number
}

let collections = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().length
}).observe({ entryTypes: ['gc'] })

const resources = new Map<string, number>()
const hook = createHook({ init: (_id, type) => void resources.set(type, (resources.get(type) ?? 0) + 1) })
const session = new Session()
session.connect()

async function heap(): Promise<Heap> {
  await pause(20) // the observer is told of a collection a little later
  const { heapUsed, external } = process.memoryUsage()
  return { bytes: heapUsed + external, collections }
}

const questions: Record<string, () => unknown> = {
  heap,
  collect() {
    globalThis.gc?.()
    return heap()
  },
  countResources() {
    resources.clear()
    hook.enable()
  },
  resources() {
    hook.disable()
    return Object.fromEntries(resources)
  },
  async startProfile() {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 250 })
    await session.post('Profiler.start')
  },
  async profile() {
    const { profile } = await session.post('Profiler.stop')
    return profile
  },
  async startAllocations() {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: 8192,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true
    })
  },
  async allocations() {
    const { profile } = await session.post('HeapProfiler.stopSampling')
    return profile
  }
}

process.on('message', async (question: string) => {
  const answer = await questions[question]?.()
  process.send?.({ answer })
})
// The program alone decides when the process is at its end.
process.channel?.unref()
