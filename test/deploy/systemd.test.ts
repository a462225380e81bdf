import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const unit = readFileSync(fileURLToPath(new URL('../../../config/deploy/sc-proxy.service', import.meta.url)), 'utf8')

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

t.test('a reload makes the proxy read its configuration again', async (t) => {
  t.match(unit, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
})

t.test('systemd understands every line of the unit', { skip: !hasSystemd }, async (t) => {
  const path = join(t.testdir(), 'sc-proxy.service')
  // The program is not installed where the unit expects it.
  writeFileSync(path, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' })
  t.strictSame([status, stdout, stderr], [0, '', ''])
})
