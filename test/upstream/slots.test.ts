import { install } from '@sinonjs/fake-timers'
import t from 'tap'
import { ProxyError } from '../../src/errors.js'
import { createLeaving } from '../../src/upstream/leaving.js'
import { createSlots } from '../../src/upstream/slots.js'

const never = createLeaving()

t.test('places are given in the order of asking, each to one', async (t) => {
  const slots = createSlots(2, 1000)
  const got: string[] = []
  const [a, b] = await Promise.all([slots.take(never), slots.take(never)])
  const waiting = ['c', 'd', 'e'].map(async (name) => {
    const release = await slots.take(never)
    got.push(name)
    return release
  })
  a()
  a()
  await waiting[0]
  t.strictSame(got, ['c'], 'a place given back twice is one place')
  b()
  ;(await waiting[0])?.()
  for (const release of await Promise.all(waiting)) release()
  t.strictSame(got, ['c', 'd', 'e'])
  await Promise.all([slots.take(never), slots.take(never)])
})

t.test('who leaves the line is out of it at once, and whoever waits too long as well', async (t) => {
  const clock = install({ toFake: ['setTimeout', 'clearTimeout'] })
  t.teardown(() => clock.uninstall())
  const slots = createSlots(1, 1000)
  const release = await slots.take(never)
  const leaving = createLeaving()
  const reason = new ProxyError('client_left', 'The client left.')
  const left = slots.take(leaving)
  const late = slots.take(never)
  leaving.leave(reason)
  await t.rejects(left, { written: false, cause: reason })
  await t.rejects(slots.take(leaving), { written: false, cause: reason }, 'nobody waits who has left already')
  clock.tick(999)
  const patient = slots.take(never)
  clock.tick(1)
  await t.rejects(late, { written: false, cause: { code: 'POOL_BUSY' } })
  release()
  ;(await patient)()
  t.equal(clock.countTimers(), 0)
  await slots.take(never)
})
