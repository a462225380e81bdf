import t from 'tap'
import { createElapsedClock } from '../../src/oauth/clock.js'

function clocks() {
  const hands = { monotonic: 5000, wall: 1_800_000_000_000 }
  const now = createElapsedClock(
    () => hands.monotonic,
    () => hands.wall
  )
  const pass = (ms: number) => {
    hands.monotonic += ms
    hands.wall += ms
  }
  return { hands, now, pass }
}

t.test('it runs with the monotonic clock', async (t) => {
  const { now, pass } = clocks()
  const start = now()
  pass(1234.5)
  t.equal(now() - start, 1234.5)
})

t.test('a suspend during which the monotonic clock stood still counts', async (t) => {
  const { hands, now, pass } = clocks()
  const start = now()
  hands.wall += 7_200_000
  t.equal(now() - start, 7_200_000)
  pass(10)
  t.equal(now() - start, 7_200_010, 'once')
})

t.test('a wall clock set back makes nothing younger', async (t) => {
  const { hands, now, pass } = clocks()
  const start = now()
  hands.wall -= 600_000
  pass(500)
  t.equal(now() - start, 500)
})

t.test('the coarse ticks of the wall clock do not add up to a faster clock', async (t) => {
  const { hands, now } = clocks()
  const start = now()
  for (let i = 0; i < 3000; i++) {
    hands.monotonic += 0.3
    hands.wall = Math.floor(1_800_000_000_000 + i * 0.3)
    now()
  }
  t.ok(Math.abs(now() - start - 900) < 0.001)
})
