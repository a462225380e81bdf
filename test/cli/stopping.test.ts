import t, { type Test } from 'tap'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { configFor } from './app.js'
import { runStart, statusOf } from './start-command.js'

async function run(t: Test, more: object) {
  const { args } = configFor(t, await startServiceChannel(t), more)
  return runStart(t, args)
}

t.test(
  'with shutdown.delaySeconds everything is served for a while after the signal, and readiness is red',
  async (t) => {
    const { ended, proxy, admin, signal } = await run(t, { shutdown: { delaySeconds: 1, drainSeconds: 1 } })
    const toldAt = performance.now()
    signal('SIGTERM')
    t.equal(await statusOf(`${admin}/readiness`), 503)
    t.equal(await statusOf(proxy), 200, 'a caller whose balancer has not noticed yet')
    t.equal(await ended, 0)
    t.ok(performance.now() - toldAt >= 990, 'no sooner than that')
  }
)

t.test('a second signal ends the delay', async (t) => {
  const { ended, stdout, signal } = await run(t, { shutdown: { delaySeconds: 3600 } })
  signal('SIGTERM')
  await until(() => stdout().includes('readiness is red'))
  signal('SIGINT')
  t.equal(await ended, 130)
})

t.test('POST /api/quit ends the process as a signal does', async (t) => {
  const { ended, admin, stdout } = await run(t, { admin: { port: 0, allowQuit: true } })
  t.equal(await statusOf(`${admin}/api/quit`, 'POST'), 202)
  t.equal(await ended, 0)
  t.match(stdout(), /POST \/api\/quit: finishing what is under way/)
})
