import t from 'tap'
import { createPool } from '../../src/admin/pool.js'

const bytesOf = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => (first + index) % 251)

t.test('what is kept piece by piece is there as a whole', async (t) => {
  const held = createPool().hold()
  for (const piece of [bytesOf(3), bytesOf(5000, 3), bytesOf(0), bytesOf(4286, 5003)]) held.append(piece)
  t.strictSame([...held.copy()], [...bytesOf(9289)])
  t.equal(held.latin1(), Buffer.from(bytesOf(9289)).toString('latin1'))
  t.strictSame([held.length(), held.taken()], [9289, 3 * 4096])
})

t.test('what was let go of is used again, and never seen by whom it belonged to', async (t) => {
  const pool = createPool()
  const first = pool.hold()
  first.append(bytesOf(4096))
  const before = first.copy()
  first.clear()
  const second = pool.hold()
  second.append(new Uint8Array(4096).fill(255))
  t.strictSame([first.length(), first.taken()], [0, 0])
  t.equal(first.copy().length, 0)
  first.append(bytesOf(2))
  t.strictSame([...first.copy()], [0, 1])
  t.strictSame([...before], [...bytesOf(4096)], 'a copy stays as it is')
  t.strictSame([...second.copy()], Array(4096).fill(255))
})

t.test('nothing is kept for one who has gone', async (t) => {
  const held = createPool().hold()
  held.release()
  held.append(bytesOf(10))
  t.strictSame([held.length(), held.taken()], [0, 0])
})
