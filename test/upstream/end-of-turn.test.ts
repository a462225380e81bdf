import t from 'tap'
import { createEndOfTurn } from '../../src/upstream/end-of-turn.js'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

t.test('what is put off is done at the end of the turn, in its order', async (t) => {
  const atEndOfTurn = createEndOfTurn()
  const done: string[] = []
  atEndOfTurn(() => done.push('first'))
  await Promise.resolve()
  atEndOfTurn(() => done.push('second'))
  t.strictSame(done, [], 'nothing before all that has arrived has been read')
  await nextTurn()
  t.strictSame(done, ['first', 'second'])
})

t.test('what is put off meanwhile has its turn after that', async (t) => {
  const atEndOfTurn = createEndOfTurn()
  const done: string[] = []
  atEndOfTurn(() => {
    done.push('first')
    atEndOfTurn(() => done.push('next'))
  })
  atEndOfTurn(() => done.push('second'))
  await nextTurn()
  t.strictSame(done, ['first', 'second'])
  await nextTurn()
  t.strictSame(done, ['first', 'second', 'next'])
})
