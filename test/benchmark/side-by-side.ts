import type { Candidate } from './candidates.js'
import { able, type Contestant, faultOf, send, startCandidate } from './contest.js'
import { embed } from './embed.js'
import { load } from './load.js'
import { describeMachine } from './machine.js'
import type { Options } from './options.js'
import { firstAnswer } from './program.js'
import { contestReport } from './report.js'
import { createScope, type Scope } from './scope.js'
import type { Round, Sample } from './statistics.js'
import { orderOf } from './turns.js'
import { type Shape, shapes, startUpstream, type Upstream } from './upstream.js'

/** All candidates in turn, cell by cell, round by round; who comes first, and who behind whom, changes each time. */
export async function sideBySide(scope: Scope, options: Options): Promise<void> {
  const upstream = await startUpstream(scope)
  const rounds: Round[] = []
  const complaints: string[] = []
  for (let i = 0; i < options.rounds; i++) {
    console.error(`round ${i + 1} of ${options.rounds}`)
    const playing = createScope()
    scope.defer(playing.close)
    rounds.push(await playRound(playing, options, upstream, i, (text) => complaints.push(`Round ${i + 1}: ${text}`)))
    await playing.close()
  }
  const chosen = shapes.filter(({ name }) => options.shapes.includes(name))
  const report = `${describeMachine(options)}\n\n${contestReport(rounds, chosen, options.connections)}`
  console.log(report)
  for (const text of complaints) console.error(text)
  if (complaints.length > 0) process.exitCode = 1
  if (options.write && complaints.length === 0) embed('docs/performance.md', 'side-by-side', report)
}

/**
 * Each is started by itself for its cold start, since those beside it would take memory and caches from it. For what
 * follows all are started before any is measured, so that those compared with each other in one cell follow within
 * seconds; idle ones cost nothing then.
 */
async function playRound(
  scope: Scope,
  options: Options,
  upstream: Upstream,
  turn: number,
  complain: (text: string) => void
): Promise<Round> {
  const round = new Map<string, Map<string, number>>()
  const running = new Map<string, Contestant>()
  if (options.only.includes('direct')) round.set('direct', new Map())
  const present = able(options.only)
  for (const { name } of present) round.set(name, new Map())
  for (const candidate of orderOf(present, turn)) {
    const alone = createScope()
    scope.defer(alone.close)
    const { coldStart } = await start(alone, candidate, upstream, options)
    round.get(candidate.name)?.set('cold-start', coldStart)
    await alone.close()
  }
  for (const candidate of present) {
    running.set(candidate.name, (await start(scope, candidate, upstream, options)).contestant)
  }
  const chosen = shapes.filter(({ name }) => options.shapes.includes(name))
  for (const contestant of running.values()) await warmUp(contestant, chosen, options)

  let cell = turn
  for (const shape of chosen) {
    for (const connections of options.connections) {
      for (const [name, sample] of orderOf([...round], cell++)) {
        const measured = await measure(running.get(name), { shape, connections, seconds: options.seconds }, upstream)
        for (const [key, value] of measured) sample.set(`${shape.name}/${connections}/${key}`, value)
        const errors = measured.get('errors') ?? 0
        if (errors > 0) complain(`${name} failed ${errors} times at ${shape.title}, ${connections} connections`)
      }
    }
  }
  for (const [name, { program }] of running) round.get(name)?.set('rss', program.rssMiB())
  return round
}

async function start(scope: Scope, candidate: Candidate, upstream: Upstream, { node }: Options) {
  const contestant = await startCandidate(scope, candidate, upstream, node)
  const coldStart = await firstAnswer(contestant.program, { url: contestant.url + shapes[0]!.path })
  return { contestant, coldStart }
}

/** Every shape is asked for once to see that the answer is right; then the just-in-time compilers get their time. */
async function warmUp({ url }: Contestant, chosen: readonly Shape[], { seconds }: Options): Promise<void> {
  for (const shape of chosen) {
    const fault = faultOf(await send(url, shape), shape)
    if (fault !== undefined) throw new Error(`${url} answers ${shape.title} with ${fault}`)
    await load({ url, shape, connections: 64, seconds: Math.min(2, seconds) })
  }
}

interface Cell {
  shape: Shape
  connections: number
  seconds: number
}

/** Without a contestant: straight to the API. */
async function measure(contestant: Contestant | undefined, cell: Cell, { apiUrl, token }: Upstream): Promise<Sample> {
  const before = contestant?.program.cpuMs() ?? 0
  const { perSecond, p50, p99, errors, requests } = await load(
    contestant ? { ...cell, url: contestant.url } : { ...cell, url: apiUrl.replace('localhost', '127.0.0.1'), token }
  )
  const sample = new Map([
    ['rate', perSecond],
    ['p50', p50],
    ['p99', p99],
    ['errors', errors]
  ])
  if (contestant) sample.set('cpu', ((contestant.program.cpuMs() - before) * 1000) / requests)
  return sample
}
