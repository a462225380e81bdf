import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { openLedger } from '../../src/cli/open-ledger.js'
import { createLog } from '../../src/telemetry/log.js'

/** Opens a ledger and keeps a page in it; tells what the log says. */
async function keep(setting: string | undefined, env: Record<string, string>, cwd: string) {
  const stream = new PassThrough()
  const log = await createLog({ level: 'info', format: 'json', stream })
  const ledger = openLedger(setting, { env, cwd }, log)
  for (const key of ['one', 'two']) {
    const page = ledger?.page(key)
    await page?.kept()
    await page?.close()
  }
  const said = String(stream.read() ?? '')
    .trim()
    .split('\n')
    .filter(Boolean)
  return said.map((line) => JSON.parse(line) as { level: number; msg: string })
}

t.test('a folder that nobody has named and nobody can write is one line, and no warning', async (t) => {
  const base = join(t.testdir({ file: '' }), 'file')
  const env = { XDG_STATE_HOME: base, LOCALAPPDATA: base }
  if (process.platform === 'darwin') return t.comment('it offers no variable to lead elsewhere')
  const said = await keep(undefined, env, '/here')
  t.match(said, [{ level: 30, msg: /ENOTDIR.*a restart forgets.*stateDir/ }])
  t.equal(said.length, 1)
})

t.test('a folder that somebody has named is a warning when it cannot be written', async (t) => {
  const said = await keep('file', {}, t.testdir({ file: '' }))
  t.match(said, [{ level: 40, msg: /file \(E(?:EXIST|NOTDIR)\): a restart forgets/ }])
  t.equal(said.length, 1)
})

t.test('"none" keeps nothing', async (t) => {
  const folder = t.testdir()
  t.strictSame([await keep('none', {}, folder), readdirSync(folder)], [[], []])
})

t.test('no folder is made before there is something to keep', async (t) => {
  const folder = t.testdir()
  const stream = new PassThrough()
  openLedger('state', { env: {}, cwd: folder }, await createLog({ level: 'info', format: 'json', stream }))
  t.strictSame(readdirSync(folder), [])
  t.strictSame(await keep('state', {}, folder), [])
  t.equal(readdirSync(join(folder, 'state')).length, 2)
})
