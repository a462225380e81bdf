import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { openRedis } from '../../src/redis/connection.js'
import { script } from '../../src/redis/script.js'
import { until } from '../support/until.js'
import { startRelay } from './relay.js'
import { startRedis, withoutRedis } from './server.js'

const one = script('return 1')
const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: Error) => error.message
  )

t.jobs = 4

t.test(
  'a password opens the door, and a wrong one is told by its code alone',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const { url } = await startRedis(t, ['--requirepass', 'a good password'])
    const right = openRedis({ url, password: 'a good password' })
    const wrong = openRedis({ url, password: 'a bad password' })
    const none = openRedis({ url })
    t.teardown(() => {
      for (const redis of [right, wrong, none]) redis.close()
    })
    await until(() => right.life !== '')
    t.equal(await right.run(one, [], []), 1)
    await until(() => wrong.trouble?.startsWith('WRONGPASS') ?? false)
    await until(() => none.trouble?.startsWith('NOAUTH') ?? false)
    t.equal(await reason(wrong.run(one, [], [])), 'WRONGPASS: user name or password refused')
    t.equal(await reason(none.run(one, [], [])), 'NOAUTH: it wants a password')
  }
)

t.test('a user who may do no more than it takes is enough', { skip: withoutRedis, buffered: true }, async (t) => {
  const server = await startRedis(t)
  const allowed = '+eval +evalsha +info +time +hgetall +hmget +hset +hdel +hincrby +del +pexpire'
  t.equal(server.say('ACL', 'SETUSER', 'proxy', 'on', '>word', '~ours*', ...allowed.split(' ')), 'OK')
  const redis = openRedis({ url: server.url, username: 'proxy', password: 'word' })
  t.teardown(redis.close)
  await until(() => redis.life !== '')
  t.equal(await redis.run(one, ['ours:1'], []), 1)
})

t.test(
  'what its user may not do is told as such, and does not make it connect all the time',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const server = await startRedis(t)
    const may = (name: string, ...rights: string[]) =>
      t.equal(server.say('ACL', 'SETUSER', name, 'on', '>word', '~ours*', ...rights), 'OK')
    may('writes-nothing', '+eval', '+evalsha', '+info')
    may('asks-nothing', '+eval', '+evalsha')
    const relay = await startRelay(t, server.port)
    const open = (username: string, port: number) => {
      const redis = openRedis({ url: `redis://127.0.0.1:${port}`, username, password: 'word' })
      t.teardown(redis.close)
      return redis
    }
    const mute = open('asks-nothing', relay.port)
    const reader = open('writes-nothing', server.port)
    await until(() => reader.life !== '')
    const write = script("return redis.call('HSET', KEYS[1], 'a', 1)")
    t.match(await reason(reader.run(write, ['ours:1'], [])), /^NOPERM: its user may not/)
    t.match(await reason(reader.run(one, ['theirs:1'], [])), /^NOPERM: its user may not/)
    await pause(1000)
    t.match(mute.trouble, /^NOPERM: its user may not/)
    t.ok(relay.connections > 1 && relay.connections < 8, `${relay.connections} connections`)
  }
)

t.test(
  'a database it may not use, or that is not there, is none',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const server = await startRedis(t)
    const rights = ['~ours*', '+eval', '+evalsha', '+info']
    t.equal(server.say('ACL', 'SETUSER', 'first-only', 'on', '>word', ...rights), 'OK')
    t.equal(server.say('ACL', 'SETUSER', 'any', 'on', '>word', ...rights, '+select'), 'OK')
    const open = (username: string, database: number) => {
      const redis = openRedis({ url: `${server.url}/${database}`, username, password: 'word' })
      t.teardown(redis.close)
      return redis
    }
    const [refused, absent, good] = [open('first-only', 2), open('any', 9999), open('any', 2)]
    await until(() => good.life !== '')
    await until(() => /^NOPERM: /.test(refused.trouble ?? '') && /^ERR/.test(absent.trouble ?? ''))
    t.strictSame([refused.life, absent.life], ['', ''])
  }
)

t.test(
  'another password is taken up, also where the old one is refused already',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const server = await startRedis(t, ['--requirepass', 'old'])
    const redis = openRedis({ url: server.url, password: 'old' })
    t.teardown(redis.close)
    await until(() => redis.life !== '')
    server.say('-a', 'old', 'CONFIG', 'SET', 'requirepass', 'new')
    t.equal(await redis.run(one, [], []), 1, 'who is in stays in')
    server.say('-a', 'new', 'CLIENT', 'KILL', 'TYPE', 'normal')
    await until(() => /^WRONGPASS|^NOAUTH/.test(redis.trouble ?? ''))
    redis.logInAs({ password: 'new' })
    await until(() => redis.life !== '')
    t.equal(await redis.run(one, [], []), 1)
  }
)

t.test(
  'every restart is another life, and nothing is kept for it',
  { skip: withoutRedis, buffered: true },
  async (t) => {
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
  }
)

t.test('an answer that takes too long is none', { skip: withoutRedis, buffered: true }, async (t) => {
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
