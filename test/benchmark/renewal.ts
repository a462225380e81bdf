import { type Call, makeCalls } from './calls.js'
import { type Login, type LoginServer, startLoginServer } from './login-server.js'
import { describeMachine } from './machine.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import type { Scope } from './scope.js'
import { quantile, spread } from './statistics.js'
import { startSubject } from './subject.js'
import { shapes, startUpstream } from './upstream.js'

const connections = 200
/** As short as a life can be for the renewal to be over in its last fifth, with logins 5 s apart. */
const shortLifeSeconds = 7
const loginMs = 500
/** Before a login arrives its connection is made, and after its answer the token is put in its place. */
const aroundMs = 50
/** Until all connections are open and a token that nobody used for a while, and that has run out, is replaced. */
const settleSeconds = 3

interface Measured {
  /** p99.9 in ms, of calls that overlap a renewal and of those that do not. */
  during: number
  apart: number
  all: number
  overlapping: number
  logins: number
  failed: number
  /** Calls that say they waited for a token, and the longest of these waits in ms. */
  waited: number
  longestWait: number
}

/**
 * Whether calls feel that the token is renewed meanwhile: the slowest of those that overlap a renewal, beside the
 * slowest of those that do not. The same calls with a token that lives for a day, split at the times of the renewals
 * before, show how far chance alone takes the two apart.
 */
export async function renewal(scope: Scope, options: Options): Promise<void> {
  const { node, rounds, seconds } = options
  const usual = await startUpstream(scope)
  const { path } = shapes[0]!

  async function start(lifeSeconds: number) {
    const server = await startLoginServer(scope, usual, { lifeSeconds, tookMs: loginMs })
    const settings = { upstream: server.upstream, connections }
    return { server, url: (await startSubject(scope, settings, { node, path })).url }
  }

  async function run({ url }: { url: string }): Promise<Call[]> {
    const calls = await makeCalls({ url, path, connections, seconds: settleSeconds + seconds })
    const from = firstOf(calls) + settleSeconds * 1000
    return calls.filter((call) => call.from >= from)
  }

  const [short, long] = [await start(shortLifeSeconds), await start(86_400)]
  const results: { renewed: Measured; chance: Measured }[] = []
  for (let i = 1; i <= rounds; i++) {
    const [calls, windows] = await withLogins(short.server, () => run(short))
    if (windows.length === 0) throw new Error('No renewal fell into a measurement: take more --seconds')
    const [others] = await withLogins(long.server, () => run(long))
    const shift = firstOf(others) - firstOf(calls)
    const shifted = windows.map(({ from, to }) => ({ from: from + shift, to: to + shift }))
    results.push({ renewed: compare(calls, windows), chance: compare(others, shifted) })
    console.error(`round ${i} of ${rounds}`)
  }
  console.log(`${describeMachine(options)}\n\n${report(results)}`)
  const all = results.flatMap(({ renewed, chance }) => [renewed, chance])
  if (all.some(({ failed, waited }) => failed > 0 || waited > 0)) process.exitCode = 1
}

async function withLogins({ logins }: LoginServer, run: () => Promise<Call[]>): Promise<[Call[], Login[]]> {
  const calls = await run()
  const from = firstOf(calls)
  return [calls, logins.filter((login) => login.to > from)]
}

const firstOf = (calls: readonly Call[]) => calls.reduce((first, { from }) => Math.min(first, from), Infinity)

function compare(calls: readonly Call[], windows: readonly Login[]): Measured {
  const overlaps = (call: Call) =>
    windows.some(({ from, to }) => call.to > from - aroundMs && call.from < to + aroundMs)
  const [during, apart]: [number[], number[]] = [[], []]
  for (const call of calls) (overlaps(call) ? during : apart).push(call.to - call.from)
  return {
    during: quantile(during, 0.999),
    apart: quantile(apart, 0.999),
    all: quantile([...during, ...apart], 0.999),
    overlapping: during.length,
    logins: windows.length,
    failed: calls.filter(({ failed }) => failed).length,
    waited: calls.filter(({ tokenMs }) => tokenMs !== 0).length,
    longestWait: calls.reduce((longest, { tokenMs }) => Math.max(longest, tokenMs), 0)
  }
}

function report(results: readonly { renewed: Measured; chance: Measured }[]): string {
  const ms = (value: number) => value.toFixed(1)
  const ratio = ({ during, apart }: Measured) => during / apart
  const rows = results.map(({ renewed, chance }, index) => [
    String(index + 1),
    String(renewed.logins),
    renewed.overlapping.toLocaleString('en-US'),
    ...[renewed.during, renewed.apart].map(ms),
    ratio(renewed).toFixed(2),
    ratio(chance).toFixed(2),
    (renewed.all / chance.all).toFixed(2),
    String(renewed.failed + chance.failed),
    `${renewed.waited} / ${chance.waited}`,
    ms(Math.max(renewed.longestWait, chance.longestWait))
  ])
  const measures = ['renewals', 'calls during one', 'p99.9 of these, ms', 'of the others, ms', 'ratio', 'by chance']
  const head = ['round', ...measures, 'to a token for a day', 'failed', 'said to wait for a token', 'longest, ms']
  const of = (pick: (result: { renewed: Measured; chance: Measured }) => number) => spread(results.map(pick))
  return `${table(head, rows)}

Ratio: ${of(({ renewed }) => ratio(renewed))}; by chance ${of(({ chance }) => ratio(chance))}; to a token for a day ${of(({ renewed, chance }) => renewed.all / chance.all)}.`
}
