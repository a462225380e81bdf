/** A difference this large between the two clocks is sleep or a clock set by hand, not jitter. */
const noticeableMs = 1000

/**
 * A clock in milliseconds that never runs backwards and goes on through a suspend. `performance.now()` stands still
 * while a Linux machine sleeps (nodejs/node#47724), so a token would look young after a night under a closed lid; the
 * wall clock alone would make it immortal when somebody sets the time back. This one is the monotonic clock plus
 * whatever the wall clock gained on it: a wrong step forward costs one early renewal, a step back nothing.
 */
export function createElapsedClock(monotonic = () => performance.now(), wall = () => Date.now()): () => number {
  let lastMonotonic = monotonic()
  let lastWall = wall()
  let slept = 0
  return () => {
    const monotonicNow = monotonic()
    const wallNow = wall()
    const gained = wallNow - lastWall - (monotonicNow - lastMonotonic)
    if (gained > noticeableMs) slept += gained
    lastMonotonic = monotonicNow
    lastWall = wallNow
    return monotonicNow + slept
  }
}
