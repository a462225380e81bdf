import { parseArgs } from 'node:util'
import { candidates } from './candidates.js'
import { shapes } from './upstream.js'

const modes = ['check', 'compare', 'growth', 'limiter', 'profile', 'renewal', 'stream', 'watchers'] as const
export type Mode = 'side-by-side' | (typeof modes)[number]

export interface Options {
  mode: Mode
  rounds: number
  /** Of each measurement; whole. */
  seconds: number
  connections: number[]
  /** Names of candidates; `direct` is the way without one. */
  only: string[]
  shapes: string[]
  node: string
  write: boolean
}

export const usage = `npm run bench [-- options]

  With none of the next eight: all candidates side by side, as Markdown tables.
  --check             every candidate answers rightly, and refuses a server whose certificate it cannot trust
  --compare           what one call allocates, against test/benchmark/baseline.json; ends with 1 when it has grown
  --growth            what one call costs with many connections and with many calls waiting
  --limiter           what the limiter adds to a call that finds a free place
  --profile           where sc-proxy spends its time under load, by function
  --renewal           whether calls feel that the token is renewed meanwhile
  --stream            memory while 1 GiB goes through, down and up
  --watchers          what the recorder, the metrics and the admin listener cost in throughput

  --rounds N          how often all candidates take their turn (5)
  --seconds N         how long each measurement takes (5)
  --connections N,…   client connections (1,16,64)
  --only NAME,…       some of: direct, ${candidates.map(({ name }) => name).join(', ')}
  --shapes NAME,…     some of: ${shapes.map(({ name }) => name).join(', ')}
  --node PATH         the Node.js that runs the candidates written for it (this one)
  --write             put the result into docs/performance.md; with --compare into baseline.json
`

const flag = { type: 'boolean', default: false } as const

/** @throws Error with one sentence about what is wrong */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { ...flag, short: 'h' },
      check: flag,
      compare: flag,
      growth: flag,
      limiter: flag,
      profile: flag,
      renewal: flag,
      stream: flag,
      watchers: flag,
      write: flag,
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '1,16,64' },
      only: { type: 'string', default: ['direct', ...candidates.map(({ name }) => name)].join() },
      shapes: { type: 'string', default: shapes.map(({ name }) => name).join() },
      node: { type: 'string', default: process.execPath }
    }
  })
  if (values.help) return 'help'
  const chosen = modes.filter((mode) => values[mode])
  if (chosen.length > 1) throw new Error(`--${chosen.join(' and --')} are different things: choose one`)
  return {
    mode: chosen[0] ?? 'side-by-side',
    rounds: whole('rounds', values.rounds),
    seconds: whole('seconds', values.seconds),
    connections: values.connections.split(',').map((text) => whole('connections', text)),
    only: known('only', values.only, ['direct', ...candidates.map(({ name }) => name)]),
    shapes: known(
      'shapes',
      values.shapes,
      shapes.map(({ name }) => name)
    ),
    node: values.node,
    write: values.write
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} takes whole numbers from 1, not ${text}`)
  return Number(text)
}

function known(name: string, text: string, names: readonly string[]): string[] {
  const asked = text.split(',')
  const unknown = asked.find((each) => !names.includes(each))
  if (unknown !== undefined) throw new Error(`--${name} takes ${names.join(', ')}, not ${unknown}`)
  return names.filter((each) => asked.includes(each))
}
