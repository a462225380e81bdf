import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answer, createClient, problemOf } from './support/client.js'
import { environmentOf, type RunningProxy, startProxy } from './support/proxy.js'
import { json, startServiceChannel } from './support/servicechannel.js'
import { until } from './support/until.js'

t.setTimeout(180_000)
t.jobs = 4

/** A busy machine takes its time to take a process down; what lingers, idle connections above all, takes longer. */
const mostToEndMs = 10_000

t.test('what is under way finishes, what fits is served, the rest is told', { buffered: true }, async (t) => {
  const { service, proxy } = await start(t, { drainSeconds: 3, answerMs: 700 })
  const ask = createClient(t, proxy.port)
  const calls = Array.from({ length: 12 }, () => ask())
  await until(() => service.calls.length === 2)
  await pause(200)
  const toldAt = performance.now()
  proxy.child.kill('SIGTERM')
  await pause(200)
  t.equal(await statusOf(t, proxy.adminPort, '/readiness'), 503, 'readiness turns red')
  t.equal(await statusOf(t, proxy.port, '/v3/workorders'), undefined, 'nobody new is let in')

  const answers = await Promise.all(calls)
  const served = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status !== 200)
  t.equal(served.length, 4, 'two were under way, two more fit into 3 s')
  t.equal(service.calls.length, 4, 'nothing else was sent')
  for (const answer of refused) {
    t.match(problemOf(answer), { status: 503, code: 'draining', detail: /\.$/ })
    t.match(answer.headers, { 'x-sc-proxy-error': 'draining', 'retry-after': /^[1-9]\d*$/, connection: 'close' })
  }
  t.ok(Math.max(...refused.map(({ at }) => at)) - toldAt < 1500, 'who cannot be served is told at once')
  await ends(t, proxy, answers)
})

t.test('nothing is begun that cannot be finished', { buffered: true }, async (t) => {
  // The next two could depart 1.5 s after the signal, but their answers would come after its 2 s.
  const { service, proxy } = await start(t, { drainSeconds: 2, answerMs: 700 })
  const ask = createClient(t, proxy.port)
  const calls = Array.from({ length: 4 }, () => ask({ method: 'POST', body: '{}' }))
  await until(() => service.calls.length === 2)
  await pause(200)
  proxy.child.kill('SIGTERM')
  const answers = await Promise.all(calls)
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 200, 503, 503])
  t.equal(service.calls.length, 2)
  await ends(t, proxy, answers)
})

t.test('a call that outlasts the time is answered all the same', { buffered: true }, async (t) => {
  const { service, proxy } = await start(t, { drainSeconds: 1, answerMs: 4000 })
  const ask = createClient(t, proxy.port)
  const call = ask({ method: 'POST', body: '{}' })
  await until(() => service.calls.length === 1)
  const toldAt = performance.now()
  proxy.child.kill('SIGTERM')
  const answer = await call
  t.ok(answer.at - toldAt < 3000, 'when the time is over')
  t.match(problemOf(answer), { status: 503, code: 'draining', detail: /may or may not have been carried out\.$/ })
  await ends(t, proxy, [answer])
})

t.test('a second signal ends it at once', { buffered: true }, async (t) => {
  const { service, proxy } = await start(t, { drainSeconds: 30, answerMs: 20_000 })
  const call = createClient(t, proxy.port)()
  await until(() => service.calls.length === 1)
  const stopping = proxy.says(/SIGTERM: /)
  proxy.child.kill('SIGTERM')
  await stopping
  await pause(500)
  proxy.child.kill('SIGTERM')
  const answer = await call
  t.match(problemOf(answer), { status: 503, code: 'draining' })
  await ends(t, proxy, [answer], 143)
})

async function start(t: Test, { drainSeconds, answerMs }: { drainSeconds: number; answerMs: number }) {
  const service = await startServiceChannel(t, {
    answer: (_call, response) => void setTimeout(() => json(response, 200, []), answerMs).unref()
  })
  const mine = environmentOf(service, { quota: { calls: 2, windowSeconds: 1 } })
  return { service, proxy: await startProxy(t, { environments: { mine }, shutdown: { drainSeconds } }) }
}

/** Nothing keeps it from ending: no idle connection, no timer. */
async function ends(t: Test, proxy: RunningProxy, answers: readonly Answer[], exitCode = 0): Promise<void> {
  const lastAnswer = Math.max(...answers.map(({ at }) => at))
  await proxy.says(/"stopped"/)
  t.ok(performance.now() - lastAnswer < 1000, 'it stops with the last answer')
  const { code, at } = await proxy.ended
  t.equal(code, exitCode)
  t.comment(`it ends ${Math.round(at - lastAnswer)} ms after the last answer`)
  t.ok(at - lastAnswer < mostToEndMs, 'and ends')
}

/** The status on a connection of its own; undefined when there is none to be had. */
async function statusOf(t: Test, port: number, target: string): Promise<number | undefined> {
  const answer = await createClient(t, port)({ target }).catch(() => undefined)
  return answer?.status
}
