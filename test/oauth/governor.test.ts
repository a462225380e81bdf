import t, { type Test } from 'tap'
import { createGovernor, createGovernors } from '../../src/oauth/governor.js'
import { pause } from '../../src/oauth/until-aborted.js'
import { failureOf, useClock } from './login-host.js'

function governed(t: Test) {
  const clock = useClock(t)
  const governor = createGovernor()
  const startedAt = performance.now()
  const starts: number[] = []
  const task =
    (ms: number, fails = false) =>
    async () => {
      starts.push(performance.now() - startedAt)
      if (ms > 0) await pause(ms)
      if (fails) throw new Error('refused')
    }
  return { clock, governor, starts, task }
}

t.test('a task starts 5.1 s after the end of the one before, not after its start', async (t) => {
  const { clock, governor, starts, task } = governed(t)
  const all = [governor.run(task(20_000)), governor.run(task(0)), governor.run(task(0))]
  await clock.tickAsync(60_000)
  await Promise.all(all)
  t.same(starts, [0, 25_100, 30_200])
})

t.test('a failed task keeps the spacing too', async (t) => {
  const { clock, governor, starts, task } = governed(t)
  const failure = failureOf(governor.run(task(300, true)))
  const next = governor.run(task(0))
  await clock.tickAsync(60_000)
  t.match(await failure, { message: 'refused' })
  await next
  t.same(starts, [0, 5400])
})

t.test('a task that nobody waits for any more neither runs nor delays the next', async (t) => {
  const { clock, governor, starts, task } = governed(t)
  await governor.run(task(0))
  const leaving = new AbortController()
  const left = failureOf(governor.run(task(0), leaving.signal))
  const next = governor.run(task(0))
  await clock.tickAsync(1000)
  leaving.abort(new Error('gone'))
  t.match(await left, { message: 'gone' })
  await clock.tickAsync(60_000)
  await next
  t.same(starts, [0, 5100])
})

t.test('a rest asked for while a task waits is waited for as well', async (t) => {
  const { clock, governor, starts, task } = governed(t)
  await governor.run(task(0))
  const next = governor.run(task(0))
  await clock.tickAsync(1000)
  governor.restFor(30_000)
  t.equal(governor.waitMs(), 30_000)
  await clock.tickAsync(60_000)
  await next
  t.same(starts, [0, 31_000])
})

t.test('one governor for each user of a login server, whatever the client', async (t) => {
  const governors = createGovernors()
  const of = (login: string, clientId: string, username?: string) =>
    governors.of(`https://${login}.example.test`, { clientId, username })
  t.equal(of('a', 'SB.1.X', 'porter'), of('a', 'SB.1.Y', 'porter'))
  t.not(of('a', 'SB.1.X', 'porter'), of('a', 'SB.1.X', 'manager'))
  t.not(of('a', 'SB.1.X', 'porter'), of('b', 'SB.1.X', 'porter'))
  t.equal(of('a', 'SB.1.X'), of('a', 'SB.1.X'))
  t.not(of('a', 'SB.1.X'), of('a', 'SB.1.Y'), 'without a user name the client stands for itself')
  t.not(of('a', 'porter'), of('a', 'X', 'porter'), 'a client id is not a user name')
})
