import t from 'tap'
import { createRing } from '../../src/admin/ring.js'

const bytesOf = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => (first + index) % 251)
const slab = 256 * 1024

t.test('chains that grow side by side are read each as a whole, by kind', async (t) => {
  const ring = createRing()
  let [odd, even] = [0, 0]
  odd = ring.append(odd, 1, bytesOf(3))
  even = ring.append(even, 1, 'caf\u00e9')
  odd = ring.append(odd, 2, 'head')
  even = ring.append(even, 1, new Uint8Array(0))
  odd = ring.append(odd, 1, bytesOf(5000, 3))
  t.strictSame([...ring.read(odd, 1)], [...bytesOf(5003)])
  t.equal(ring.read(odd, 2).toString(), 'head')
  t.equal(ring.read(even, 1).toString('latin1'), 'caf\u00e9')
  t.equal(ring.read(even, 2).length, 0)
})

t.test('what is longer than the rest of a slab goes on in the next ones', async (t) => {
  const ring = createRing()
  const bytes = ring.append(0, 1, bytesOf(2 * slab + 5))
  const text = ring.append(0, 1, 'x'.repeat(slab))
  t.ok(Buffer.from(bytesOf(2 * slab + 5)).equals(ring.read(bytes, 1)))
  t.ok(ring.read(text, 1).equals(Buffer.alloc(slab, 'x')))
})

t.test('what was forgotten is written over, and what was read before stays as it was', async (t) => {
  const ring = createRing()
  const first = ring.append(0, 1, bytesOf(slab))
  const read = ring.read(first, 1)
  const next = ring.end()
  ring.append(0, 1, bytesOf(2 * slab))
  ring.forget(next)
  t.ok(ring.bytes() >= 2 * slab && ring.bytes() < 2.1 * slab, `${ring.bytes()}`)
  const last = ring.append(0, 1, new Uint8Array(2 * slab).fill(255))
  t.ok(ring.read(last, 1).equals(Buffer.alloc(2 * slab, 255)))
  t.ok(read.equals(Buffer.from(bytesOf(slab))))
  ring.forget(ring.end())
  t.equal(ring.bytes(), 0)
})

t.test('after all is forgotten it begins anew', async (t) => {
  const ring = createRing()
  ring.append(0, 1, bytesOf(slab + 1))
  ring.clear()
  t.equal(ring.bytes(), 0)
  t.equal(ring.read(ring.append(0, 1, 'again'), 1).toString(), 'again')
})
