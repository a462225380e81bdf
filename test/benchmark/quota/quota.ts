import { parseArgs } from 'node:util'
import { embed } from '../embed.js'
import { table } from '../markdown.js'
import { createScope, type Scope, withScope } from '../scope.js'
import { type Contestant, contestants } from './contestants.js'
import { outcomeOf } from './outcome.js'
import { startCountingServer, type Terms } from './server.js'
import { type Kind, kinds } from './windows.js'

const usage = `npm run bench:quota [-- options]

  Many windows' worth of calls at once against servers that count in different ways.

  --calls N       calls per window (50)
  --seconds N     how long a window is (5)
  --windows N     how many windows' worth of calls (10)
  --only NAME,…   some of: ${contestants.map(({ name }) => name).join(', ')}
  --node PATH     the Node.js that runs sc-proxy (this one)
  --write         put the result into docs/performance.md
`
const clients = 4
const latencyMs = [20, 400] as const

await withScope(async (scope) => {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      calls: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '5' },
      windows: { type: 'string', default: '10' },
      only: { type: 'string', default: contestants.map(({ name }) => name).join() },
      node: { type: 'string', default: process.execPath },
      write: { type: 'boolean' }
    }
  })
  if (values.help) return void process.stdout.write(usage)
  const terms = { calls: Number(values.calls), windowMs: Number(values.seconds) * 1000, latencyMs }
  const windows = Number(values.windows)
  const rows: string[][] = []
  for (const contestant of contestants) {
    if (!values.only.split(',').includes(contestant.name)) continue
    console.error(contestant.title)
    // The servers are independent of each other, so all three take place at once.
    rows.push(
      ...(await Promise.all(kinds.map((kind) => contest(scope, contestant, kind, terms, windows, values.node))))
    )
  }
  const head = ['', 'refused', 'never served', 'utilisation', 'of the bound', 'wait p50', 'p95', 'most', 'fairness']
  const report = `${describe(terms, windows)}\n\n${table(head, rows)}`
  console.log(report)
  if (values.write) embed('docs/performance.md', 'quota', report)
})

async function contest(
  outer: Scope,
  contestant: Contestant,
  kind: Kind,
  terms: Terms,
  windows: number,
  node: string
): Promise<string[]> {
  const scope = createScope()
  outer.defer(scope.close)
  const server = await startCountingServer(scope, kind, terms)
  const send = await contestant.open(scope, server, terms, node)

  const total = terms.calls * windows
  const startedAt = performance.now()
  // One client after the other asks for all it has, in the same moment: in order of arrival the last would wait for all.
  const statuses = Array.from({ length: total }, (_, n) => send(Math.floor((n * clients) / total)).catch(() => 0))
  await Promise.race([Promise.all(statuses), sleep(scope, 3 * windows * terms.windowMs)])

  const { utilisation, bound, waits, fairness } = outcomeOf(server.arrivals, startedAt, clients, terms)
  const row = [
    `${contestant.title}: ${kind}`,
    String(server.refused()),
    String(total - server.arrivals.length),
    percent(utilisation),
    percent(utilisation / bound),
    ...[waits.p50, waits.p95, waits.most].map((seconds) => `${seconds.toFixed(1)} s`),
    fairness.toFixed(2)
  ]
  await scope.close()
  return row
}

function describe({ calls, windowMs }: Terms, windows: number): string {
  const [shortest, longest] = latencyMs
  return [
    `${calls * windows} calls of ${clients} clients at once, ${calls} allowed in ${windowMs / 1000} s,`,
    `round trips of ${shortest}–${longest} ms. Above 100 % the server counted less than it was sent.`
  ].join(' ')
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(share * 100).toFixed(1)} %`
}

function sleep(scope: Scope, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    scope.defer(() => clearTimeout(timer))
  })
}
