import t from 'tap'
import { read, write } from '../../src/limiter/standing.js'

const minute = 60_000
const then = { wall: Date.UTC(2026, 0, 1), uptime: 3_600_000 }
const later = (byWall: number, byUptime = byWall) => ({ wall: then.wall + byWall, uptime: then.uptime + byUptime })
const standing = {
  spent: [
    { calls: 7, agoMs: 20_000.6 },
    { calls: 1, agoMs: -900 }
  ],
  open: 3
}

t.test('what was used counts from when it was used', async (t) => {
  t.strictSame(read(write(standing, then, true), later(5000)), [
    { calls: 7, agoMs: 25_000 },
    { calls: 1, agoMs: 4100 },
    { calls: 3, agoMs: 4000 }
  ])
})

t.test('what a killed process had open may have been used until now', async (t) => {
  const spent = read(write(standing, then, false), later(5000))
  t.strictSame(spent?.at(-1), { calls: 3, agoMs: -1000 })
  t.strictSame(read(write({ spent: [], open: 0 }, then, false), later(1)), [])
})

t.test('a clock that somebody has set lets no place be forgotten', async (t) => {
  const age = (now: ReturnType<typeof later>) => read(write(standing, then, true), now)![0]!.agoMs - 20_000
  t.equal(age(later(5000)), 5000)
  t.equal(age(later(3600 * 1000, 5000)), 4000, 'set forward by an hour: the time the machine has been up tells')
  t.equal(age(later(-3600 * 1000, 5000)), 0, 'set back by an hour: as if no time had passed')
  t.equal(age(later(minute, 60_999)), minute, 'an uptime in whole seconds is no sign of it')
  t.equal(age(later(minute, -then.uptime)), minute, 'a machine that was started anew has only the wall clock')
  t.equal(age(later(-minute, -then.uptime)), 0, 'and when that was set back as well, no time has passed')
  t.equal(age(later(5000, 3600 * 1000)), 5000, 'so has the folder that has moved to one that has been up for longer')
  t.ok(age(later(minute, 30_000)) <= minute, 'one that has been up longer than before only seems not to have')
})

t.test('what is no page of ours says nothing', async (t) => {
  const page = JSON.parse(write(standing, then, true)) as Record<string, unknown>
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    write(standing, then, true).slice(0, -20),
    JSON.stringify({ ...page, version: 2 }),
    JSON.stringify({ ...page, open: -1 }),
    JSON.stringify({ ...page, open: 1e9 }),
    JSON.stringify({ ...page, wall: 'noon' }),
    JSON.stringify({ ...page, spent: [[1]] }),
    JSON.stringify({ ...page, spent: [[null, 1]] }),
    JSON.stringify({ ...page, spent: [[1, 0.5]] }),
    JSON.stringify({ ...page, spent: 'all' })
  ]) {
    t.equal(read(text, later(1)), undefined, text)
  }
})
