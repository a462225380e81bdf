import { able, faultOf, send, startCandidate } from './contest.js'
import type { Options } from './options.js'
import { firstAnswer } from './program.js'
import { createScope, type Scope } from './scope.js'
import { shapes, startUpstream, type Upstream } from './upstream.js'

/**
 * A comparison is only fair when all do the same: the API lets nobody in without the token, so 200 proves that it was
 * added; in front of a server with a stranger's certificate a candidate must answer with an error of its own.
 */
export async function check(scope: Scope, options: Options): Promise<void> {
  const upstream = await startUpstream(scope)
  for (const candidate of able(options.only)) {
    const [right, wrong] = [createScope(), createScope()]
    scope.defer(right.close)
    scope.defer(wrong.close)

    const { program, url } = await startCandidate(right, candidate, upstream, options.node)
    const ms = await firstAnswer(program, { url: url + shapes[0]!.path })
    const faults: string[] = []
    for (const shape of shapes) {
      const fault = faultOf(await send(url, shape), shape)
      if (fault !== undefined) faults.push(`${shape.title}: ${fault}`)
    }
    await right.close()

    const strange: Upstream = { ...upstream, apiUrl: upstream.untrustedUrl }
    const { url: strangeUrl } = await startCandidate(wrong, candidate, strange, options.node)
    const status = await firstStatus(strangeUrl)
    if (status < 500) faults.push(`it trusts a certificate of nobody's: status ${status}`)
    await wrong.close()

    if (faults.length > 0) process.exitCode = 1
    const verdict =
      faults.join('; ') || `right for all ${shapes.length} shapes, ${status} for a certificate of nobody's`
    console.log(`${candidate.name}: first answer after ${Math.round(ms)} ms; ${verdict}`)
  }
}

/** Of the first answer, however long the candidate takes to listen. */
async function firstStatus(url: string): Promise<number> {
  for (let i = 0; i < 1000; i++) {
    const reply = await send(url, shapes[0]!).catch(() => undefined)
    if (reply) return reply.status
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it does not answer')
}
