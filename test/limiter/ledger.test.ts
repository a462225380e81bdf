import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { createLedger } from '../../src/limiter/ledger.js'
import { until } from '../support/until.js'

const key = 'https://api.example.com SB.2000000001.00000000-0000-4000-8000-000000000001'
const clocks = () => ({ wall: 1_000_000, uptime: 1_000_000 })
const one = { spent: [{ calls: 1, agoMs: 10 }], open: 0 }
const two = { spent: [{ calls: 2, agoMs: 10 }], open: 0 }

function open(folder: string) {
  const reports: (string | undefined)[] = []
  const report = (error: NodeJS.ErrnoException | undefined) => void reports.push(error?.code)
  return { page: createLedger({ folder, report, clocks }).page(key), reports }
}

t.test('a page is there for the next process, and for nobody else to read anything from', async (t) => {
  const folder = join(t.testdir(), 'a', 'b')
  const { page, reports } = open(folder)
  t.strictSame(page.spent, [])
  page.keep(() => one)
  await page.kept()
  t.strictSame(open(folder).page.spent, one.spent)
  page.keep(() => two)
  await page.close()
  t.strictSame(open(folder).page.spent, two.spent)

  const [name = '', ...others] = readdirSync(folder)
  t.strictSame(others, [], 'one file, and nothing left beside it')
  t.notMatch(name + readFileSync(join(folder, name), 'utf8'), /SB\.|2000000001|example/)
  if (process.platform !== 'win32') t.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
  t.strictSame(reports, [])
})

t.test('a page is written a few times a second, however much happens', async (t) => {
  const { page } = open(t.testdir())
  let looks = 0
  page.keep(() => {
    looks++
    return one
  })
  const stop = performance.now() + 600
  while (performance.now() < stop) {
    for (let n = 0; n < 100; n++) page.touch()
    await pause(1)
  }
  t.ok(looks >= 1 && looks <= 3, `${looks} times in 600 ms`)
})

t.test('whoever waits for a page to be kept gets what stood when they asked', async (t) => {
  const folder = t.testdir()
  const { page } = open(folder)
  let calls = 1
  page.keep(() => ({ spent: [{ calls, agoMs: 0 }], open: 0 }))
  const first = page.kept()
  calls = 2
  const [second, third] = [page.kept(), page.kept()]
  calls = 3
  await first
  await Promise.all([second, third])
  t.ok(open(folder).page.spent[0]!.calls >= 2)
  await page.close()
  t.equal(open(folder).page.spent[0]!.calls, 3)
})

t.test('a folder that cannot be written is told once and stops nobody', async (t) => {
  const folder = join(t.testdir({ file: '' }), 'file', 'state')
  const { page, reports } = open(folder)
  page.keep(() => one)
  await page.kept()
  await page.kept()
  t.equal(reports.length, 1)
  await page.close()
  t.equal(reports.length, 1)
})

t.test('when a disk has room again, that is told too', async (t) => {
  const folder = join(t.testdir(), 'state')
  const { page, reports } = open(folder)
  page.keep(() => one)
  rmSync(folder, { recursive: true })
  await page.kept()
  t.strictSame(reports, ['ENOENT'])
  mkdirSync(folder)
  page.touch()
  await until(() => reports.length === 2)
  t.strictSame(reports, ['ENOENT', undefined])
  t.strictSame(open(folder).page.spent, one.spent)
  await page.close()
})

t.test('a file that is damaged, or cannot be read, is as good as none', async (t) => {
  const folder = t.testdir()
  const { page } = open(folder)
  page.keep(() => one)
  await page.close()
  const path = join(folder, readdirSync(folder)[0] ?? '')
  writeFileSync(path, readFileSync(path).subarray(0, 20))
  t.strictSame(open(folder).page.spent, [])
  chmodSync(path, 0)
  t.doesNotThrow(() => open(folder))
})
