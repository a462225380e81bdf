import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openRedis } from '../../src/redis/connection.js'
import { script } from '../../src/redis/script.js'
import { until } from '../support/until.js'
import { startRedis, withoutRedis } from './server.js'

const one = script('return 1')
const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: Error) => error.message
  )

t.test('a password opens the door, and a wrong one is told by its code alone', { skip: withoutRedis }, async (t) => {
  const { url } = await startRedis(t, ['--requirepass', 'a good password'])
  const right = openRedis({ url, password: 'a good password' })
  const wrong = openRedis({ url, password: 'a bad password' })
  const none = openRedis({ url })
  t.teardown(() => {
    for (const redis of [right, wrong, none]) redis.close()
  })
  await until(() => right.life !== '')
  t.equal(await right.run(one, [], []), 1)
  await pause(300)
  for (const redis of [wrong, none]) t.match(await reason(redis.run(one, [], [])), /^(WRONGPASS|NOAUTH)$/)
})

t.test('a user who may do no more than it takes is enough', { skip: withoutRedis }, async (t) => {
  const server = await startRedis(t)
  const allowed = '+eval +evalsha +info +time +hgetall +hmget +hset +hdel +hincrby +del +pexpire'
  t.equal(server.say('ACL', 'SETUSER', 'proxy', 'on', '>word', '~ours*', ...allowed.split(' ')), 'OK')
  const redis = openRedis({ url: server.url, username: 'proxy', password: 'word' })
  t.teardown(redis.close)
  await until(() => redis.life !== '')
  t.equal(await redis.run(one, ['ours:1'], []), 1)
})

t.test('every restart is another life, and nothing is kept for it', { skip: withoutRedis }, async (t) => {
  const server = await startRedis(t)
  const redis = openRedis({ url: server.url })
  t.teardown(redis.close)
  let ready = 0
  redis.onReady(() => void ready++)
  await until(() => ready === 1)
  const { life } = redis
  t.ok(life)
  await server.kill()
  await until(() => redis.life === '')
  const add = script("return redis.call('INCR', 'count')")
  t.ok(await reason(redis.run(add, [], [])), 'at once')
  await server.start()
  await until(() => ready === 2)
  t.not(redis.life, life)
  t.equal(server.say('GET', 'count'), '')
})

t.test('an answer that takes too long is none', { skip: withoutRedis }, async (t) => {
  const server = await startRedis(t)
  const redis = openRedis({ url: server.url })
  t.teardown(redis.close)
  await until(() => redis.life !== '')
  server.freeze()
  const asked = performance.now()
  t.equal(await reason(redis.run(one, [], [])), 'no answer in time')
  t.ok(performance.now() - asked < 2000)
  server.thaw()
})
