/** Timers and clocks of this process, turned by hand; a heap, since days of many replicas are millions of timers. */
export interface VirtualTime {
  /** Runs whatever is due until then, letting promises settle in between. */
  runUntil(ms: number): Promise<void>
}

interface Timer {
  at: number
  order: number
  ring: (() => void) | undefined
}

/** Takes the place of the real ones from now on; `performance.now()` begins at 0. */
export function useVirtualTime(): VirtualTime {
  const heap: Timer[] = []
  let time = 0
  let order = 0
  const startedAt = Date.now()
  const earlier = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order)

  function push(timer: Timer): void {
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!earlier(timer, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = timer
  }

  function pop(): Timer {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++
      if (!earlier(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return first
  }

  function later(ring: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) {
    const timer: Timer = { at: time + Math.max(1, ms), order: order++, ring: () => ring(...args) }
    push(timer)
    const handle = { timer, unref: () => handle, ref: () => handle, hasRef: () => false }
    return handle
  }

  function cancel(handle?: { timer?: Timer }): void {
    if (handle?.timer) handle.timer.ring = undefined
  }

  Object.assign(globalThis, { setTimeout: later, clearTimeout: cancel })
  Object.defineProperty(performance, 'now', { value: () => time })
  Date.now = () => startedAt + time

  // A tick comes when no promise has anything left to do; a turn of the event loop would cost ten times as much.
  const settle = () => new Promise<void>((resolve) => process.nextTick(resolve))

  return {
    async runUntil(ms) {
      while (heap.length > 0 && heap[0]!.at <= ms) {
        const timer = pop()
        if (timer.ring === undefined) continue
        time = timer.at
        timer.ring()
        await settle()
      }
      time = ms
    }
  }
}
