import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openNeighbours } from '../../src/cli/neighbours.js'
import { until } from '../support/until.js'

function street(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'sc-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    move() {
      const heard: string[] = []
      const warn = (_: object, sentence: string) => void heard.push(sentence)
      const neighbours = openNeighbours({ warn } as unknown as Parameters<typeof openNeighbours>[0], folder)
      t.teardown(neighbours.close)
      return { ...neighbours, heard }
    }
  }
}

t.test('a second process with the same client id is told, and the first one too', async (t) => {
  const { move } = street(t)
  const [first, second] = [move(), move()]
  await first.announce('https://api.example', 'SB.1.a', 'sandbox2')
  t.strictSame(first.heard, [])
  await second.announce('https://api.example', 'SB.1.a', 'mine')
  t.match(second.heard, [/^mine: another sc-proxy on this machine uses the same client id.*redis\.url/])
  await until(() => first.heard.length === 1)
  t.match(first.heard, [/^sandbox2: another sc-proxy that was started just now/])
})

t.test('as long as both are there the health of both says so', async (t) => {
  const { move, folder } = street(t)
  const [first, second, third] = [move(), move(), move()]
  await first.announce('https://api.example', 'SB.1.a', 'one')
  t.strictSame(first.remarks(), [])
  await second.announce('https://api.example', 'SB.1.a', 'one')
  await until(() => first.remarks().length === 1)
  t.match([first.remarks(), second.remarks()], [[/^one: another sc-proxy on this machine/], [/^one: another/]])
  first.close()
  await until(() => second.remarks().length === 0)
  // Whoever is left is found by the next.
  await until(() => readdirSync(folder).length === 1)
  await third.announce('https://api.example', 'SB.1.a', 'one')
  await until(() => second.remarks().length === 1 && third.remarks().length === 1)
  third.close()
  await until(() => second.remarks().length === 0)
})

t.test('another client id, another API and a second listener are nobody else', async (t) => {
  const { move } = street(t)
  const [first, second] = [move(), move()]
  await first.announce('https://api.example', 'SB.1.a', 'one')
  await first.announce('https://api.example', 'SB.1.a', 'one')
  await second.announce('https://api.example', 'SB.1.b', 'one')
  await second.announce('https://other.example', 'SB.1.a', 'one')
  t.strictSame([...first.heard, ...second.heard], [])
})

t.test('who has left, or was killed, is not taken for a neighbour', async (t) => {
  const { move, folder } = street(t)
  const announce = async (someone: ReturnType<typeof move>) => {
    await someone.announce('https://api.example', 'SB.1.a', 'one')
    return readdirSync(folder)[0] ?? ''
  }
  const first = move()
  const name = await announce(first)
  first.close()
  await until(() => readdirSync(folder).length === 0)
  // Nobody answers here, as at the socket of a process that was killed.
  writeFileSync(join(folder, name), '')
  const second = move()
  await announce(second)
  t.strictSame(second.heard, [])
  const third = move()
  await announce(third)
  t.equal(third.heard.length, 1)
})
