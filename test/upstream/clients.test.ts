import t from 'tap'
import type { Client } from 'undici'
import { createClients } from '../../src/upstream/clients.js'

/** Connections that only remember what was done to them. */
function setUp(lifeMs = 1000) {
  let time = 0
  const made: { closed: boolean; destroyedBy: Error | undefined; fail: () => void }[] = []
  const make = () => {
    const state = { closed: false, destroyedBy: undefined as Error | undefined, fail: () => {} }
    const once = (_event: 'connectionError', listener: () => void) => {
      state.fail = listener
    }
    made.push(state)
    const close = async () => {
      state.closed = true
    }
    const destroy = async (error: Error) => {
      state.destroyedBy = error
    }
    return { close, destroy, once } as unknown as Client
  }
  const clients = createClients(make, lifeMs, () => time)
  return { clients, made, advance: (ms: number) => (time += ms) }
}

t.test('each call has a connection of its own, and the one used last is used first', async (t) => {
  const { clients, made } = setUp()
  const [first, second] = [clients.take(), clients.take()]
  t.not(first, second)
  clients.giveBack(first)
  clients.giveBack(second)
  t.equal(clients.take(), second)
  t.equal(clients.take(), first)
  t.equal(made.length, 2)
})

t.test('a connection older than its life is closed and not used again', async (t) => {
  const { clients, made, advance } = setUp()
  const [old, alsoOld] = [clients.take(), clients.take()]
  clients.giveBack(old)
  clients.giveBack(alsoOld)
  advance(1000)
  t.equal(clients.take(), alsoOld, 'up to its last moment it is used')
  clients.giveBack(alsoOld)
  advance(1)
  const young = clients.take()
  t.not(young, old)
  t.strictSame(
    made.map(({ closed }) => closed),
    [true, true, false]
  )
  advance(1001)
  clients.giveBack(young)
  t.not(clients.take(), young, 'also when it came of age during a call')
})

t.test('a connection that could not be made is not used again', async (t) => {
  const { clients, made } = setUp()
  const [good, bad] = [clients.take(), clients.take()]
  clients.giveBack(good)
  clients.giveBack(bad)
  made[1]?.fail()
  t.equal(clients.take(), good)
  t.not(clients.take(), bad)
})

t.test('in the end all are cut, those in use as well, and not those that were closed before', async (t) => {
  const { clients, made, advance } = setUp()
  clients.giveBack(clients.take())
  advance(1001)
  clients.giveBack(clients.take())
  clients.take()
  clients.take()
  await new Promise((resolve) => setImmediate(resolve))
  const why = new Error('over')
  await clients.destroy(why)
  t.strictSame(
    made.map(({ destroyedBy }) => destroyedBy),
    [undefined, why, why]
  )
})
