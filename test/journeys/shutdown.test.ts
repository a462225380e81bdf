import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answer, createClient, problemOf } from './support/client.js'
import { environmentOf, type Proxy, startProxy } from './support/proxy.js'
import { json, startServiceChannel } from './support/servicechannel.js'

t.jobs = 4

t.test('what is under way finishes, what fits is served, the rest is told', { buffered: true }, async (t) => {
  const { service, proxy } = await start(t, { drainSeconds: 3, answerMs: 700 })
  const ask = createClient(t, proxy.port)
  const calls = Array.from({ length: 12 }, () => ask())
  await until(() => service.calls.length === 2)
  await pause(200)
  const toldAt = performance.now()
  proxy.child.kill('SIGTERM')
  await pause(200)
  t.not(await statusOf(t, proxy.adminPort, '/readiness'), 200, 'readiness turns red')
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
  t.ok(Math.max(...refused.map(({ at }) => at)) - toldAt < 1000, 'who cannot be served is told at once')
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
  t.comment(answer.status, answer.body.toString())
  t.ok(answer.at - toldAt < 2000)
  await ends(t, proxy, [answer])
})

t.test('a second signal ends it at once', { buffered: true }, async (t) => {
  const { service, proxy } = await start(t, { drainSeconds: 20, answerMs: 4000 })
  const call = createClient(t, proxy.port)().catch(() => undefined)
  await until(() => service.calls.length === 1)
  proxy.child.kill('SIGTERM')
  await pause(300)
  const toldAt = performance.now()
  proxy.child.kill('SIGTERM')
  const { code, at } = await proxy.ended
  t.equal(code, 0)
  t.ok(at - toldAt < 1000)
  await call
})

async function start(t: Test, { drainSeconds, answerMs }: { drainSeconds: number; answerMs: number }) {
  const service = await startServiceChannel(t, {
    answer: (_call, response) => void setTimeout(() => json(response, 200, []), answerMs)
  })
  const mine = environmentOf(service, { quota: { calls: 2, windowSeconds: 1 } })
  return { service, proxy: await startProxy(t, { environments: { mine }, shutdown: { drainSeconds } }) }
}

async function ends(t: Test, proxy: Proxy, answers: readonly Answer[]): Promise<void> {
  const { code, at } = await proxy.ended
  t.equal(code, 0)
  const late = at - Math.max(...answers.map((answer) => answer.at))
  t.ok(late < 1000, `it ends ${Math.round(late)} ms after the last answer`)
}

/** The status on a connection of its own; undefined when there is none to be had. */
async function statusOf(t: Test, port: number, target: string): Promise<number | undefined> {
  const answer = await createClient(t, port)({ target }).catch(() => undefined)
  return answer?.status
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10)
}
