import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createClient } from './support/client.js'
import { run } from './support/proxy.js'

t.jobs = 2

t.test('what sc-proxy emulate prints is a configuration that reaches it', { buffered: true }, async (t) => {
  const emulator = run(t, { args: ['emulate', '--emulator-write-ca', 'ca.pem'] })
  const [configuration] = await emulator.says(/^\{\n[\s\S]*?\n\}\n/m)
  await emulator.says(/ca\.pem\.\n/)
  writeFileSync(join(emulator.folder, 'config.json'), configuration)
  const file = join(emulator.folder, 'config.json')
  const proxy = run(t, { args: ['--config', file, '--environment', 'emulated', '--port', '0', '--admin-port', '0'] })
  const ask = createClient(t, Number((await proxy.says(/listening on 127\.0\.0\.1:(\d+)/))[1]))
  t.match(await ask(), { status: 200, headers: { 'x-sc-proxy-environment': 'emulated' } })

  emulator.child.kill('SIGTERM')
  t.match(await emulator.ended, { code: 0 })
})

t.test('an emulator whose authority cannot be written is not left running', { buffered: true }, async (t) => {
  const emulator = run(t, { args: ['emulate', '--emulator-write-ca', join('nowhere', 'ca.pem')] })
  t.match(await emulator.ended, { code: 2 })
  t.equal(emulator.stdout(), '')
  t.match(emulator.stderr(), /^sc-proxy: --emulator-write-ca: .*ca\.pem cannot be written \(ENOENT\)\n$/)
})
