import { candidates } from './candidates.js'
import { table } from './markdown.js'
import { median, type Round, ratiosOf, spread, valuesOf } from './statistics.js'
import type { Shape } from './upstream.js'

const titles = new Map([['direct', 'direct, no proxy'], ...candidates.map(({ name, title }) => [name, title] as const)])
const subject = 'sc-proxy'

/** The tables of a side-by-side run. */
export function contestReport(
  rounds: readonly Round[],
  shapes: readonly Shape[],
  connections: readonly number[]
): string {
  const names = [...(rounds[0]?.keys() ?? [])]
  const parts = shapes.map((shape) => `**${shape.title}**\n\n${shapeTable(rounds, names, shape, connections)}`)
  parts.push(`**Process**\n\n${processTable(rounds, names)}`)
  if (names.includes(subject) && names.length > 1) {
    const table = ratioTable(rounds, names, shapes, connections)
    parts.push(`**sc-proxy divided by the other in the same round: median (least–most)**\n\n${table}`)
  }
  return parts.join('\n\n')
}

function shapeTable(
  rounds: readonly Round[],
  names: readonly string[],
  { name: shape }: Shape,
  connections: readonly number[]
): string {
  const head = connections.flatMap((n) => [`${n} conn: req/s`, 'p50 µs', 'p99 µs', 'CPU µs/req'])
  const rows = names.map((name) => {
    const cell = (n: number, measure: string) => figure(valuesOf(rounds, name, `${shape}/${n}/${measure}`))
    return [titleOf(name), ...connections.flatMap((n) => ['rate', 'p50', 'p99', 'cpu'].map((key) => cell(n, key)))]
  })
  return table(['', ...head], rows)
}

function processTable(rounds: readonly Round[], names: readonly string[]): string {
  const rows = names
    .filter((name) => name !== 'direct')
    .map((name) => [titleOf(name), ...['cold-start', 'rss'].map((measure) => figure(valuesOf(rounds, name, measure)))])
  return table(['', 'cold start to the first proxied 200, ms', 'memory after load, MiB'], rows)
}

/** One row per other candidate; requests per second first, where more is better, then what should be small. */
function ratioTable(
  rounds: readonly Round[],
  names: readonly string[],
  shapes: readonly Shape[],
  connections: readonly number[]
): string {
  const [fewest, most] = [Math.min(...connections), Math.max(...connections)]
  const first = shapes[0]
  const columns = [
    ...shapes.flatMap(({ name, title }) =>
      connections.map((n) => ({ title: `req/s ${title}, ${n} conn`, measure: `${name}/${n}/rate` }))
    ),
    { title: `p50 ${first?.title}, ${fewest} conn`, measure: `${first?.name}/${fewest}/p50` },
    { title: `CPU ${first?.title}, ${most} conn`, measure: `${first?.name}/${most}/cpu` },
    { title: 'cold start', measure: 'cold-start' },
    { title: 'memory', measure: 'rss' }
  ]
  const others = names.filter((name) => name !== subject)
  const rows = columns.map(({ title, measure }) => [
    title,
    ...others.map((other) => spread(ratiosOf(rounds, subject, other, measure)))
  ])
  return table(['', ...others.map(titleOf)], rows)
}

function titleOf(name: string): string {
  return titles.get(name) ?? name
}

function figure(values: readonly number[]): string {
  const value = median(values)
  if (Number.isNaN(value)) return '–'
  return Math.round(value).toLocaleString('en-US')
}
