import type { Test } from 'tap'
import { type Answer, createClient } from './client.js'
import type { RunningProxy } from './proxy.js'

/**
 * Looks for every secret, in each of its disguises, in whatever left the proxy towards people and their programs, and ends
 * it. What was planted has CANARY in it.
 *
 * @param secrets others that must not be found
 */
export async function keptItAll(
  t: Test,
  proxy: RunningProxy,
  answers: readonly Answer[],
  secrets: readonly string[]
): Promise<void> {
  const askAdmin = createClient(t, proxy.adminPort)
  const pages = ['/', '/startup', '/readiness', '/metrics', '/api/status', '/api/calls', '/api/config', '/api/har']
  const told = [...answers, ...(await Promise.all(pages.map((target) => askAdmin({ target }))))]
  proxy.child.kill('SIGTERM')
  const { code } = await proxy.ended
  t.equal(code, 0)
  const output = proxy.stdout() + proxy.stderr()
  t.ok(output.split('/v3/workorders').length > answers.length / 2, 'the log tells of the calls')
  const everything = [output, ...told.map(({ rawHeaders, body }) => `${rawHeaders.join('\n')}\n${body}`)].join('\n')
  for (const secret of ['CANARY', ...secrets]) {
    const at = everything.indexOf(secret)
    t.equal(at < 0 ? '' : everything.slice(Math.max(0, at - 200), at + 60), '', `no ${secret.slice(0, 20)}`)
  }
}
