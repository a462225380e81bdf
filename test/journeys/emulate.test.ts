import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { createClient } from './support/client.js'
import { run } from './support/proxy.js'

t.setTimeout(180_000)
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

t.test(
  'a port of the emulator that somebody else has is named, with the flags that choose another',
  { buffered: true },
  async (t) => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.teardown(() => void other.close())
    const { port } = other.address() as AddressInfo
    const emulator = run(t, { args: ['emulate', '--emulator-api-port', `${port}`] })
    t.match(await emulator.ended, { code: 2 })
    t.match(
      emulator.stderr(),
      new RegExp(`^sc-proxy: Port ${port} on .* already in use.* --emulator-api-port .*\\.\\n$`)
    )
  }
)
