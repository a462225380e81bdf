import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { createClient, problemOf, statuses } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { fullestWindow } from './support/rolling-window.js'
import { type Account, type ApiCall, account, startServiceChannel } from './support/servicechannel.js'

t.setTimeout(180_000)
t.jobs = 2

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  t.test(`after a ${signal} it knows what it has used before`, { buffered: true }, async (t) => {
    const { service, folder, restart } = await journey(t, { windowSeconds: 120 })
    const ask = await restart(signal)
    const answer = await ask({ headers: ['Prefer', 'wait=1'] })
    t.match(problemOf(answer), { status: 429, code: 'wait_too_long' })
    const seconds = Number(answer.headers['retry-after'])
    t.ok(seconds > 30 && seconds <= 122, `the next place is ${seconds} s away`)
    t.equal(service.calls.length, 5)
    t.match(readdirSync(folder), [/^[0-9a-f]{32}\.json$/], 'one file, whose name names nobody')
  })
}

t.test('calls after a restart wait until the window has room for them', { buffered: true }, async (t) => {
  const { service, restart } = await journey(t, { windowSeconds: 4 })
  const ask = await restart('SIGKILL')
  t.strictSame(statuses(await Promise.all(five(ask))), { 200: 5 })
  t.equal(fullestWindow(timesOf(service.calls), 4000), 5)
})

t.test('when nothing is to be kept, the next start knows nothing', { buffered: true }, async (t) => {
  const { service, folder, restart } = await journey(t, { windowSeconds: 120, stateDir: 'none' })
  const ask = await restart('SIGTERM')
  t.strictSame(statuses(await Promise.all(five(ask))), { 200: 5 })
  t.equal(fullestWindow(timesOf(service.calls), 120_000), 10)
  t.strictSame(readdirSync(folder), [])
})

/** Five calls a window, and a proxy that makes five, is ended and started anew. */
async function journey(t: Test, { windowSeconds, stateDir }: { windowSeconds: number; stateDir?: string }) {
  // The login server has not seen the second one just now.
  const users = ['first.user', 'second.user'].map((username) => ({ ...account, username }))
  const service = await startServiceChannel(t, { accounts: users })
  const folder = t.testdir()

  async function start(credentials: Account | undefined) {
    const mine = environmentOf(service, { quota: { calls: 5, windowSeconds }, credentials })
    const proxy = await startProxy(t, { environments: { mine } }, { env: { SC_PROXY_STATE_DIR: stateDir ?? folder } })
    return { proxy, ask: createClient(t, proxy.port) }
  }

  async function restart(signal: 'SIGKILL' | 'SIGTERM') {
    const { proxy, ask } = await start(users[0])
    t.strictSame(statuses(await Promise.all(five(ask))), { 200: 5 })
    proxy.child.kill(signal)
    const { signal: end, code } = await proxy.ended
    t.equal(end ?? code, signal === 'SIGKILL' ? signal : 0)
    return (await start(users[1])).ask
  }

  return { service, folder, restart }
}

const five = <T>(ask: () => Promise<T>): Promise<T>[] => Array.from({ length: 5 }, () => ask())
const timesOf = (calls: readonly ApiCall[]) => calls.map(({ at }) => at)
