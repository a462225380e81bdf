import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createClient } from './support/client.js'
import { environmentOf, run, startProxy } from './support/proxy.js'
import { startServiceChannel } from './support/servicechannel.js'

t.setTimeout(120_000)

t.test('a job waits for the proxy beside it, uses it, and ends it', async (t) => {
  const service = await startServiceChannel(t)
  const mine = environmentOf(service)
  const proxy = await startProxy(t, { environments: { mine }, admin: { port: 0, allowQuit: true } })
  const beside = ['--admin-port', String(proxy.adminPort)]

  const waiting = run(t, { args: ['wait', '--timeout', '30', ...beside] })
  t.equal((await waiting.ended).code, 0, waiting.stderr())
  const ask = createClient(t, proxy.port)
  t.equal((await ask()).status, 200)

  if (process.platform !== 'win32') {
    const path = join(proxy.folder, 'config.json')
    const settings = JSON.parse(readFileSync(path, 'utf8'))
    settings.listeners[0].rules = { deny: ['GET /v3/workorders'] }
    writeFileSync(path, `// Nobody lists them any more.\n${JSON.stringify(settings)}`)
    proxy.child.kill('SIGHUP')
    await proxy.says(/now in force: listeners\[0\]\.rules\.deny/)
    t.equal((await ask()).status, 403)
  }

  const quitting = run(t, { args: ['quit', ...beside] })
  t.equal((await quitting.ended).code, 0, quitting.stderr())
  t.equal((await proxy.ended).code, 0)
})
