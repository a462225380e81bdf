import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { createClient, statuses } from './support/client.js'
import { environmentOf, type RunOptions, startProxy } from './support/proxy.js'
import { fullestWindow } from './support/rolling-window.js'
import { account, startServiceChannel } from './support/servicechannel.js'

t.setTimeout(180_000)
t.jobs = 3

/** Longer than a restart takes on a busy machine: otherwise there would be nothing to remember. */
const quota = { calls: 5, windowSeconds: 6 }

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  t.test(`after a ${signal} and a start within the same window no quota is exceeded`, { buffered: true }, async (t) => {
    const { service, folder, start } = await journey(t)
    const first = await start()
    t.strictSame(statuses(await Promise.all(five(first.ask))), { 200: 5 })
    first.proxy.child.kill(signal)
    const ended = await first.proxy.ended
    t.equal(ended.signal ?? ended.code, signal === 'SIGKILL' ? 'SIGKILL' : 0)

    const second = await start()
    const answers = await Promise.all(five(second.ask))
    t.strictSame(statuses(answers), { 200: 5 }, 'they are late, and served')
    const arrivals = service.calls.map(({ at }) => at)
    const last = Math.max(...arrivals.slice(0, 5))
    t.ok(ended.at - last < 3000 && arrivals[5]! - last < 10_000, 'it all takes place in two windows')
    t.equal(fullestWindow(arrivals, quota.windowSeconds * 1000), 5)
    for (const name of readdirSync(folder)) t.match(name, /^[0-9a-f]{32}\.json$/, 'the file names nobody')
    t.equal(readdirSync(folder).length, 1)
  })
}

t.test('with nothing kept, a restart forgets: what the others are measured by', { buffered: true }, async (t) => {
  const { service, start } = await journey(t, { env: { SC_PROXY_STATE_DIR: 'none' } })
  const first = await start()
  await Promise.all(five(first.ask))
  first.proxy.child.kill('SIGKILL')
  await first.proxy.ended
  const second = await start()
  await Promise.all(five(second.ask))
  const arrivals = service.calls.map(({ at }) => at)
  t.equal(fullestWindow(arrivals, quota.windowSeconds * 1000), 10)
  t.strictSame(readdirSync(second.proxy.folder), ['config.json'])
})

/** A proxy that can be started again and again, each time with a login the login server has not seen just now. */
async function journey(t: Test, options: RunOptions = {}) {
  const users = ['first.user', 'second.user'].map((username) => ({ ...account, username }))
  const service = await startServiceChannel(t, { accounts: [...users] })
  const folder = t.testdir()
  const env = { SC_PROXY_STATE_DIR: folder, ...options.env }
  return {
    service,
    folder,
    async start() {
      const mine = environmentOf(service, { quota, credentials: users.shift() })
      const proxy = await startProxy(t, { environments: { mine } }, { ...options, env })
      return { proxy, ask: createClient(t, proxy.port) }
    }
  }
}

const five = <T>(ask: () => Promise<T>): Promise<T>[] => Array.from({ length: 5 }, () => ask())
