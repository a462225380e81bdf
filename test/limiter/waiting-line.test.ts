import fc from 'fast-check'
import t from 'tap'
import { createLine } from '../../src/limiter/line.js'

function drain(line: { shift(): string | undefined }): string[] {
  const served = []
  for (let item = line.shift(); item !== undefined; item = line.shift()) served.push(item)
  return served
}

t.test('clients take turns and keep their own order', async (t) => {
  const line = createLine<string>()
  for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) line.join(item, item[0]!, 3, false)
  t.equal(line.shift(), 'a1')
  line.join('d1', 'd', 3, false)
  line.join('a4', 'a', 3, false)
  t.same(line.order(), ['b1', 'c1', 'a2', 'd1', 'b2', 'a3', 'a4'])
  t.same(drain(line), ['b1', 'c1', 'a2', 'd1', 'b2', 'a3', 'a4'])
  t.equal(line.size(), 0)
})

t.test('higher urgency goes first, whoever came before', async (t) => {
  const line = createLine<string>()
  for (const urgency of [7, 3, 0, 5, 0]) line.join(`u${urgency}`, 'a', urgency, false)
  line.join('beyond', 'a', 99, false)
  line.join('below', 'b', -1, false)
  t.same(drain(line), ['u0', 'below', 'u0', 'u3', 'u5', 'u7', 'beyond'])
})

t.test(
  'a call that was refused upstream comes back to the front of its urgency, in the order of coming back',
  async (t) => {
    const line = createLine<string>()
    line.join('a1', 'a', 3, false)
    line.join('urgent', 'b', 0, false)
    line.join('again 1', 'c', 3, true)
    line.join('again 2', 'a', 3, true)
    t.equal(line.ahead('a', 3, true), 3)
    t.same(drain(line), ['urgent', 'again 1', 'again 2', 'a1'])
  }
)

t.test(
  'a newcomer displaces the youngest of the least urgent, or of who has most, and never who was sent',
  async (t) => {
    const line = createLine<string>()
    t.equal(line.lastBehind('a', 0), undefined, 'nobody there')
    for (const item of ['a1', 'a2', 'a3', 'b1']) line.join(item, item[0]!, 3, false)
    line.join('returned', 'c', 7, true)
    t.equal(line.lastBehind('c', 3), 'a3', 'the longest queue of its equals')
    t.equal(line.lastBehind('b', 3), 'a3')
    t.equal(line.lastBehind('a', 3), undefined, 'not its own')
    t.equal(line.lastBehind('a', 0), 'a3', 'unless it is less urgent')
    t.equal(line.lastBehind('c', 5), undefined, 'nobody who is more urgent')
    line.join('d1', 'd', 5, false)
    t.equal(line.lastBehind('c', 3), 'd1', 'the less urgent before its equals, however few')
    line.join('b2', 'b', 3, false)
    t.equal(line.lastBehind('b', 5), undefined, 'who would have as many as itself then stays')
  }
)

t.test('leaving twice, or after having been served, changes nothing', async (t) => {
  const line = createLine<string>()
  const first = line.join('a1', 'a', 3, false)
  const second = line.join('a2', 'a', 3, false)
  const returned = line.join('r', 'a', 3, true)
  line.leave(second)
  line.leave(second)
  t.equal(line.size(), 2)
  line.leave(returned)
  t.equal(line.shift(), 'a1')
  line.leave(first)
  t.equal(line.size(), 0)
  t.equal(line.shift(), undefined)
})

t.test('what it says about order and position is what happens, after any coming and going', async () => {
  const step = fc.record({
    client: fc.constantFrom('a', 'b', 'c', 'd'),
    urgency: fc.nat(2),
    again: fc.constantFrom(false, false, false, true),
    act: fc.constantFrom('join', 'join', 'join', 'shift', 'leave'),
    who: fc.nat(50)
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), step, (steps, newcomer) => {
      const line = createLine<string>()
      const spots: ReturnType<typeof line.join>[] = []
      steps.forEach(({ client, urgency, again, act, who }, n) => {
        if (act === 'join') spots.push(line.join(`${n}`, client, urgency, again))
        else if (act === 'shift') line.shift()
        else if (spots[who]) line.leave(spots[who])
      })
      const size = line.size()
      const { client, urgency, again } = newcomer
      const ahead = line.ahead(client, urgency, again)
      line.join('new', client, urgency, again)
      const order = line.order()
      const served = drain(line)
      return served.length === size + 1 && served[ahead] === 'new' && JSON.stringify(order) === JSON.stringify(served)
    }),
    { seed: 7, numRuns: 500 }
  )
})
