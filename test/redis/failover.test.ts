import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { fullestWindow } from '../journeys/support/rolling-window.js'
import { until } from '../support/until.js'
import { counter, keepCalling } from './calling.js'
import { startRelay } from './relay.js'
import { startReplica } from './replica.js'
import { type RedisServer, startRedis, withoutRedis } from './server.js'

const quota = { calls: 20, windowMs: 1000 }

t.setTimeout(60_000)
t.jobs = 3
const real = () => ({ skip: withoutRedis, buffered: true })

/** Otherwise a primary waits some seconds for more copies to ask. */
const atOnce = ['--repl-diskless-sync-delay', '0']

/** A primary with a copy, behind one address, and two proxies that never rest. */
async function world(t: Test) {
  const [primary, copy] = await Promise.all([startRedis(t, atOnce), startRedis(t, atOnce)])
  follow(copy, primary)
  await until(() => /master_link_status:up/.test(copy.say('INFO', 'replication')))
  const relay = await startRelay(t, primary.port)
  const url = `redis://127.0.0.1:${relay.port}`
  const replicas = [1, 2].map(() => startReplica(t, { quota, url, seats: 2, safePercent: 20 }))
  const isShared = () => replicas.every(({ story }) => story.at(-1)?.startsWith('made'))
  await until(isShared)
  const server = counter()
  const stops = replicas.map((replica) => keepCalling(replica, 20, server))
  const since = (at: number) => server.arrivals.filter((arrival) => arrival >= at).length
  await until(() => server.arrivals.length > quota.calls)
  return {
    primary,
    copy,
    relay,
    replicas,
    isShared,
    /** They share again, use the quota, and have never exceeded it. */
    async recover() {
      await until(isShared)
      await pause(quota.windowMs)
      const from = performance.now()
      await pause(2 * quota.windowMs)
      const recent = since(from)
      await Promise.all(stops.map((stop) => stop()))
      const fullest = fullestWindow(server.arrivals, quota.windowMs)
      t.ok(fullest <= quota.calls, `${fullest} in the fullest window`)
      t.ok(recent >= quota.calls, `${recent} in two windows`)
    }
  }
}

const follow = (copy: RedisServer, primary: RedisServer) => copy.say('REPLICAOF', '127.0.0.1', `${primary.port}`)

t.test('a primary that dies is followed by its copy, behind the same address', real(), async (t) => {
  const { primary, copy, relay, recover } = await world(t)
  await primary.kill()
  copy.say('REPLICAOF', 'NO', 'ONE')
  relay.leadTo(copy.port)
  await recover()
  t.match(copy.say('HGETALL', 'test:quota:learned'), /settled/)
})

t.test('a primary that has become a copy is left alone until the address leads to the new one', real(), async (t) => {
  const { primary, copy, relay, replicas, recover } = await world(t)
  copy.say('REPLICAOF', 'NO', 'ONE')
  follow(primary, copy)
  await until(() => replicas.every(({ story }) => story.at(-1)?.startsWith('lost')))
  t.match(replicas[0]!.story, [/^made/, /^lost: (READONLY: a replica answers|LOADING: )/])
  t.ok(relay.connections < 60, `${relay.connections} connections`)
  relay.leadTo(copy.port)
  await recover()
})

t.test('a primary that dies before its copy heard the last of it loses nobody a place', real(), async (t) => {
  const { primary, copy, relay, recover } = await world(t)
  copy.say('REPLICAOF', 'NO', 'ONE')
  await pause(700)
  relay.leadTo(copy.port)
  await primary.kill()
  await recover()
})
