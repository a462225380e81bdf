import { Redis } from 'ioredis'
import t from 'tap'
import { quotaScript } from '../../src/redis/quota-script.js'
import { seeded } from '../limiter/simulation.js'
import { createBooks } from './books.js'
import { startRedis, withoutRedis } from './server.js'

t.test('the books in memory say word for word what the script says', { skip: withoutRedis }, async (t) => {
  const server = await startRedis(t)
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  // The same script, but for a clock that the test turns.
  const text = quotaScript.text.replace(
    "redis.call('TIME')",
    '{ math.floor(ARGV[21] / 1000), (ARGV[21] % 1000) * 1000 }'
  )
  t.not(text, quotaScript.text)
  let at = 1_800_000_000_000
  for (const seed of [1, 2, 3]) {
    await redis.flushall()
    const books = createBooks(() => at)
    const random = seeded(seed)
    const upTo = (most: number) => Math.floor(random() * (most + 1))
    const questions = new Map<string, number>()
    for (let n = 0; n < 500; n++) {
      at += upTo(random() < 0.05 ? 9000 : 400)
      if (random() < 0.01) {
        await redis.flushall()
        books.flush()
      }
      if (random() < 0.01) {
        await redis.del('places')
        books.evict()
      }
      const replica = `r${upTo(5)}`
      const question = (questions.get(replica) ?? 0) + (random() < 0.95 ? 1 : 0)
      questions.set(replica, question)
      const held = upTo(12)
      const base = 30 + upTo(10)
      const args = [
        replica,
        question,
        5000,
        2200,
        40,
        25,
        4,
        held,
        upTo(held),
        upTo(10),
        random() < 0.98 ? 'one' : 'two',
        upTo(3),
        random() < 0.05 ? 1 + upTo(2000) : 0,
        ['', '', 'admitted', 'refused'][upTo(3)] ?? '',
        1000,
        random() < 0.8 ? base : base - upTo(9),
        base,
        random() < 0.8 ? base : base + upTo(9),
        base,
        upTo(1)
      ]
      const said = await redis.eval(text, 2, 'places', 'learned', ...args, at)
      const expected = books.exchange(args)
      if (JSON.stringify(said) !== JSON.stringify(expected)) {
        t.strictSame(said, expected, `exchange ${n} of seed ${seed}`)
        return
      }
    }
  }
  t.pass('1500 exchanges')
})
