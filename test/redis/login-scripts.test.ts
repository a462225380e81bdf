import t from 'tap'
import { openRedis } from '../../src/redis/connection.js'
import { askScript, extendScript, settleScript } from '../../src/redis/login-scripts.js'
import { until } from '../support/until.js'
import { startRedis, withoutRedis } from './server.js'

const keys = ['test:{a}:user', 'test:{a}:login']

t.test('a replica whose lease somebody else has by now changes nothing any more', { skip: withoutRedis }, async (t) => {
  const server = await startRedis(t)
  const redis = openRedis({ url: server.url })
  t.teardown(redis.close)
  await until(() => redis.life !== '')
  const ask = (who: string, seen = '') => redis.run(askScript, keys, [who, seen, 1, 0, 6000, 5100])
  const extend = (who: string, fence: number) => redis.run(extendScript, keys, [who, fence, 6000])
  const settle = (who: string, fence: number) =>
    redis.run(settleScript, keys, [who, fence, 5100, 'token', `the token of ${who}`, 600_000, 600_000])

  t.strictSame(await ask('first'), ['lease', 1, 0])
  t.equal(await extend('first', 1), 1)
  t.match(await ask('second'), ['wait', Number])
  // It falls silent for as long as its lease.
  server.say('HSET', keys[0]!, 'till', '1')
  t.match(await ask('second'), ['lease', 2, Number])
  t.equal(await extend('first', 1), 0)
  t.equal(await settle('first', 1), 0)
  t.match(await ask('third'), ['wait', Number], 'nor does it end the lease of its successor')
  t.equal(await extend('second', 2), 1)
  t.equal(await settle('second', 2), 1)
  t.equal(await settle('first', 1), 0)
  t.match(await ask('third'), ['token', 'the token of second', '2'])
})

t.test(
  'who takes a lease over waits as long as the one before may have asked the login server',
  { skip: withoutRedis },
  async (t) => {
    const server = await startRedis(t)
    const redis = openRedis({ url: server.url })
    t.teardown(redis.close)
    await until(() => redis.life !== '')
    const ask = (who: string) =>
      redis.run(askScript, keys, [who, '', 1, 0, 40, 5100]) as Promise<[string, number, number]>
    t.strictSame(await ask('first'), ['lease', 1, 0])
    await until(async () => (await ask('second'))[0] === 'lease')
    const [, fence, waitMs] = await ask('second')
    t.equal(fence, 3)
    t.ok(waitMs > 4000 && waitMs <= 5100, `${waitMs} ms`)
  }
)
