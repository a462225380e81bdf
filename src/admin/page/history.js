import { byId, drawn } from './dom.js'
import { clock, count, duration } from './words.js'

const [width, height, pieces, pieceMs] = [600, 64, 60, 10_000]

/** The last ten minutes as a drawing: bars for calls, a line for the longest wait. */
export function drawHistory(environments) {
  const moments = summed(environments.flatMap(({ moments }) => moments))
  const now = Date.now()
  const newest = now - (now % pieceMs)
  const mostCalls = Math.max(4, ...moments.map(({ calls }) => calls))
  const longest = Math.max(1000, ...moments.map(({ longestWaitMs }) => longestWaitMs))
  const step = width / pieces
  const xOf = (at) => width - ((newest - at) / pieceMs + 1) * step

  const svg = drawn('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' })
  for (const { at, calls, failed, longestWaitMs } of moments) {
    const bar = (number, name) => {
      const tall = (number / mostCalls) * (height - 4)
      return drawn('rect', { x: xOf(at) + 1, y: height - tall, width: step - 2, height: tall, class: name })
    }
    const told = `${clock(at).slice(0, 8)}: ${count(calls, 'call')}, ${failed} failed, longest wait ${duration(longestWaitMs)}`
    const title = drawn('title')
    title.textContent = told
    svg.append(drawn('g', {}, title, bar(calls, 'calls'), bar(failed, 'failed')))
  }
  if (moments.some(({ longestWaitMs }) => longestWaitMs >= 1)) {
    const points = moments.map(
      ({ at, longestWaitMs }) => `${xOf(at) + step / 2},${height - 2 - (longestWaitMs / longest) * (height - 6)}`
    )
    svg.append(drawn('polyline', { points: points.join(' '), class: 'waits', 'vector-effect': 'non-scaling-stroke' }))
  }
  byId('history').replaceChildren(svg)
  const all = moments.reduce((sum, { calls }) => sum + calls, 0)
  const waited = Math.max(0, ...moments.map(({ longestWaitMs }) => longestWaitMs))
  const failures = moments.reduce((sum, { failed }) => sum + failed, 0)
  byId('history-text').textContent =
    `${count(all, 'call')}, ${failures} failed, ${waited >= 1 ? `the longest wait ${duration(waited)}` : 'no waits'}`
}

/** Moments of several environments, put together by time, oldest first. */
function summed(moments) {
  const byTime = new Map()
  for (const { at, calls, failed, longestWaitMs } of moments) {
    const sum = byTime.get(at) ?? { at, calls: 0, failed: 0, longestWaitMs: 0 }
    sum.calls += calls
    sum.failed += failed
    sum.longestWaitMs = Math.max(sum.longestWaitMs, longestWaitMs)
    byTime.set(at, sum)
  }
  return [...byTime.values()].sort((a, b) => a.at - b.at)
}
