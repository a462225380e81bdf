import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createLedger } from '../../src/limiter/ledger.js'
import { until } from '../support/until.js'
import { useClock } from './world.js'

const key = 'https://api.example.com SB.2000000001.00000000-0000-4000-8000-000000000001'
const clocks = () => ({ wall: 1_000_000, uptime: 1_000_000 })
const one = { spent: [{ calls: 1, agoMs: 10 }], open: 0 }
const two = { spent: [{ calls: 2, agoMs: 10 }], open: 0 }

function open(folder: string) {
  const told: string[] = []
  const trouble = {
    lost: ({ code }: NodeJS.ErrnoException) => void told.push(`lost: ${code}`),
    found: () => void told.push('found'),
    damaged: (file: string) => void told.push(`damaged: ${file}`)
  }
  const ledger = createLedger({ folder, trouble, clocks })
  return { ledger, page: ledger.page(key), told }
}

t.test('a page is there for the next process, and for nobody else to read anything from', async (t) => {
  const folder = join(t.testdir(), 'a', 'b')
  const { page, told } = open(folder)
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
  if (process.platform !== 'win32') {
    t.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
    t.equal(statSync(folder).mode & 0o777, 0o700)
  }
  t.strictSame(told, [])
})

t.test('a page is written once a second, however much happens, and never after its last word', async (t) => {
  const { clock } = useClock(t)
  const { page } = open(t.testdir())
  let looks = 0
  page.keep(() => {
    looks++
    return one
  })
  for (let n = 0; n < 1000; n++) page.touch()
  clock.tick(999)
  t.equal(looks, 0)
  clock.tick(1)
  t.equal(looks, 1)
  page.touch()
  await page.close()
  t.equal(looks, 2)
  page.touch()
  clock.tick(5000)
  t.equal(looks, 2)
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
  const { page, told } = open(folder)
  page.keep(() => one)
  await page.kept()
  await page.kept()
  t.strictSame(page.spent, [])
  t.strictSame(told, ['lost: ENOTDIR'])
  await page.close()
  t.equal(told.length, 1)
})

t.test('when a disk has room again, that is told too', async (t) => {
  const folder = join(t.testdir(), 'state')
  const { page, told } = open(folder)
  page.keep(() => one)
  rmSync(folder, { recursive: true })
  await page.kept()
  t.strictSame(told, ['lost: ENOENT'])
  mkdirSync(folder)
  await page.kept()
  t.strictSame(told, ['lost: ENOENT', 'found'])
  t.strictSame(open(folder).page.spent, one.spent)
  await page.close()
})

t.test('a file that is damaged is told and as good as none', async (t) => {
  const folder = t.testdir()
  await open(folder).page.close()
  const path = join(folder, readdirSync(folder)[0] ?? '')
  for (const content of [readFileSync(path).subarray(0, 20), Buffer.alloc(0), Buffer.from('{"somebody": "else"}')]) {
    writeFileSync(path, content)
    const { page, told } = open(folder)
    t.strictSame(page.spent, [])
    t.strictSame(told, [`damaged: ${path}`])
    page.keep(() => one)
    await page.close()
    t.strictSame(open(folder).page.spent, one.spent, 'and the next one is whole')
  }
})

t.test('something else in the place of the file stops nobody', async (t) => {
  const folder = t.testdir()
  await open(folder).page.close()
  const path = join(folder, readdirSync(folder)[0] ?? '')
  rmSync(path)
  mkdirSync(join(path, 'folder'), { recursive: true })
  const { ledger, page, told } = open(folder)
  const other = ledger.page('another')
  for (let n = 0; n < 2; n++) await Promise.all([page.kept(), other.kept()])
  await Promise.all([page.close(), other.close()])
  t.strictSame([page.spent, told], [[], ['lost: EISDIR']], 'it is told once, though another page can be kept')
  t.equal(readdirSync(folder).length, 2, 'nothing is left beside them')
})

t.test('what nobody has used for a week is removed, and nothing that is not ours', async (t) => {
  const longAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000)
  const page = '0123456789abcdef0123456789abcdef.json'
  const [old, left] = [page, `${page}.0123456789ab`]
  const recent = page.replace('0', 'f')
  const folder = t.testdir(
    Object.fromEntries([old, left, recent, 'notes.json', `${page}.bak`].map((name) => [name, '']))
  )
  for (const name of [old, left, 'notes.json', `${page}.bak`]) utimesSync(join(folder, name), longAgo, longAgo)
  await open(folder).page.close()
  await until(() => !existsSync(join(folder, old)) && !existsSync(join(folder, left)))
  for (const name of [recent, 'notes.json', `${page}.bak`]) t.ok(existsSync(join(folder, name)), name)
})
