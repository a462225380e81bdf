import { join } from 'node:path'
import { ask, freePort, type Reply } from './ask.js'
import { type Candidate, candidates } from './candidates.js'
import { candidateCore, type Program, startProgram } from './program.js'
import type { Scope } from './scope.js'
import { findTool } from './tools.js'
import { bodyOf, type Shape, type Upstream } from './upstream.js'

/** A candidate that runs. */
export interface Contestant {
  readonly program: Program
  readonly url: string
}

/** Starts a candidate on its core; it may not listen yet. */
export async function startCandidate(
  scope: Scope,
  candidate: Candidate,
  upstream: Upstream,
  node: string
): Promise<Contestant> {
  const [port, folder] = [await freePort(), scope.folder()]
  const launch = candidate.command({ upstream, port, folder, node })
  const program = startProgram({ ...launch, core: candidateCore, log: join(folder, 'output.log') })
  scope.defer(() => program.stop())
  return { program, url: `http://127.0.0.1:${port}` }
}

/** Those asked for that can run here; of the others it says what is missing. */
export function able(names: readonly string[]): Candidate[] {
  return candidates.filter(({ name, tool }) => {
    if (!names.includes(name)) return false
    if (tool === undefined || findTool(tool)) return true
    console.error(`${name} is not installed and left out: run test/benchmark/setup.sh`)
    return false
  })
}

/** One call of this shape through whatever listens there. */
export function send(url: string, { method, path, sends }: Shape): Promise<Reply> {
  const body = sends > 0 ? { body: bodyOf(sends), headers: { 'content-type': 'application/json' } } : {}
  return ask({ url: url + path, method, ...body })
}

/** What is wrong with the answer to a call of this shape; undefined when it is the API's own, byte for byte. */
export function faultOf({ status, body }: Reply, { gets }: Shape): string | undefined {
  if (status !== 200) return `status ${status}`
  return body.toString() === bodyOf(gets) ? undefined : `a body of ${body.length} bytes that is not the API's`
}
