import type { Seen } from './clients.js'
import type { Passage } from './witness.js'

export interface Soak {
  seen: readonly Seen[]
  calls: readonly Passage[]
  logins: readonly Passage[]
  minutes: number
  memory: { startMiB: number; endMiB: number; highestMiB: number }
  handles: { start: number; end: number }
}

/** The table, and the sentences that must not be there: each names something that was lost or doubled. */
export function report({ seen, calls, logins, minutes, memory, handles }: Soak): { table: string; faults: string[] } {
  const asked = new Map(seen.map((call) => [call.id, call]))
  const arrivals = new Map<string, Passage[]>()
  for (const call of calls) arrivals.set(call.id, [...(arrivals.get(call.id) ?? []), call])
  const faults: string[] = []
  let idempotent = 0
  let throttled = 0

  for (const [id, passages] of arrivals) {
    const method = passages[0]?.method ?? ''
    if (!asked.has(id)) faults.push(`${method} ${id} arrived and nobody had asked for it`)
    const earlier = passages.slice(0, -1)
    throttled += passages.filter(({ status }) => status === 429).length
    for (const { status } of earlier) {
      if (status === 429 || status === 401) continue
      if (method === 'GET' || method === 'HEAD') idempotent++
      else faults.push(`${method} ${id} was sent again after ${status === 0 ? 'a dropped connection' : status}`)
    }
  }
  for (const call of seen) if (call.end === 'no answer') faults.push(`${call.method} ${call.id} got no answer`)
  const spacing = Math.min(...logins.slice(1).map(({ at }, i) => at - (logins[i]?.at ?? 0)))
  if (spacing < 5000) faults.push(`two token requests were ${Math.round(spacing)} ms apart`)

  const rows: [string, unknown][] = [
    ['minutes', minutes],
    ['calls', seen.length],
    ['arrivals at the API', calls.length],
    ...count(
      seen.map(({ end, problem }) =>
        problem ? `answered here: ${problem}` : typeof end === 'number' ? `answered ${end}` : `ended: ${end}`
      )
    ),
    ['GET and HEAD sent again after a dropped connection', idempotent],
    ['throttled arrivals', throttled],
    ['token requests', logins.length],
    ['closest two token requests, s', (spacing / 1000).toFixed(2)],
    ['memory at start / highest / end, MiB', `${memory.startMiB} / ${memory.highestMiB} / ${memory.endMiB}`],
    ['open handles at start / end', `${handles.start} / ${handles.end}`],
    ['lost or doubled', faults.length]
  ]
  const table = ['| what | count |', '| --- | --: |', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join(
    '\n'
  )
  return { table, faults }
}

function count(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => a.localeCompare(b))
}
