import t, { type Test } from 'tap'
import { start } from '../../src/cli/start.js'
import { processWith } from '../config/process.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { configFor } from './app.js'

type Signal = 'SIGTERM' | 'SIGINT'

/** The command itself, with signals that the test sends. */
async function run(t: Test, more: object) {
  const { args } = configFor(t, await startServiceChannel(t), more)
  const { process, stdout } = processWith({})
  const listeners: ((signal: Signal) => void)[] = []
  const world = {
    ...process,
    signals: { ...process.signals, onStop: (listener: (signal: Signal) => void) => void listeners.push(listener) }
  }
  const ended = start.run(world, [...args, '--log-format', 'json'])
  await until(() => stdout().includes('health at'))
  const portIn = (pattern: RegExp) => pattern.exec(stdout())?.[1]
  const proxy = `http://127.0.0.1:${portIn(/listening on 127\.0\.0\.1:(\d+)/)}/v3/workorders`
  const admin = `http://127.0.0.1:${portIn(/health at http:\/\/127\.0\.0\.1:(\d+)/)}`
  return {
    ended,
    proxy,
    admin,
    stdout,
    signal: (name: Signal) => {
      for (const tell of listeners) tell(name)
    }
  }
}

const statusOf = (url: string, method = 'GET') => fetch(url, { method }).then(({ status }) => status)

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
