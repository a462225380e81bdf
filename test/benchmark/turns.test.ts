import t from 'tap'
import { orderOf } from './turns.js'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

t.test('each is at every place, and right behind every other one, equally often', async (t) => {
  for (let count = 1; count <= names.length; count++) {
    const items = names.slice(0, count)
    const places = new Map<string, number>()
    const pairs = new Map<string, number>()
    const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
    for (let turn = 0; turn < 2 * count; turn++) {
      const order = orderOf(items, turn)
      t.strictSame([...order].sort(), items, `${count} items, turn ${turn}: all are there`)
      for (const [place, item] of order.entries()) {
        add(places, `${item} at ${place}`)
        if (place > 0) add(pairs, `${item} behind ${order[place - 1]}`)
      }
    }
    t.equal(places.size, count * count)
    t.equal(pairs.size, count * (count - 1))
    t.ok([...places.values(), ...pairs.values()].every((times) => times === 2))
  }
})
