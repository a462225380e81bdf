/**
 * The promise, or a rejection with the signal's reason as soon as that is aborted. Whoever else waits for the promise
 * is not disturbed, and its late failure is not an unhandled rejection.
 */
export function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const abandon = () => reject(signal.reason)
    const stopListening = () => signal.removeEventListener('abort', abandon)
    if (signal.aborted) abandon()
    else signal.addEventListener('abort', abandon, { once: true })
    promise.finally(stopListening).then(resolve, reject)
  })
}

/** Waits `ms`, or rejects with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.ceil(ms))
  })
  return untilAborted(elapsed, signal).finally(() => clearTimeout(timer))
}
