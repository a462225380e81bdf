/** How a call ends before its answer: its client leaves, or the proxy gives it up. */
export interface Leaving {
  /** Why it has ended so; undefined as long as it has not. */
  reason(): Error | undefined
  /** Only the first time counts. */
  leave(reason: Error): void
  /** Called when it ends so. One listener at a time; undefined for none. */
  listen(listener: (() => void) | undefined): void
  /** The same for those who wait. */
  signal(): AbortSignal
}

/**
 * Most calls never wait, and nearly all have somebody listening once. An AbortController with one listener costs more
 * than both limits and the token together, so it is made only for those who ask for it.
 */
export function createLeaving(): Leaving {
  let reason: Error | undefined
  let listener: (() => void) | undefined
  let controller: AbortController | undefined

  return {
    reason: () => reason,
    leave(why) {
      if (reason) return
      reason = why
      controller?.abort(why)
      listener?.()
    },
    listen(next) {
      listener = next
    },
    signal() {
      if (!controller) {
        controller = new AbortController()
        if (reason) controller.abort(reason)
      }
      return controller.signal
    }
  }
}
