import t from 'tap'
import { doctor } from '../../src/cli/doctor.js'
import { openNeighbours } from '../../src/cli/neighbours.js'
import { status } from '../../src/cli/status.js'
import { credentials, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { configFor, folderWith, sc, startApp } from './app.js'

const commands = [status, doctor]

t.test('status and doctor say why Redis is not reached, and that calls are served', async (t) => {
  const { args } = configFor(t, await startServiceChannel(t), { redis: { url: 'redis://127.0.0.1:1' } })
  const { adminArgs } = await startApp(t, args)
  const told = () => sc(commands, ['status', ...adminArgs])
  await until(async () => /not reached \(ECONNREFUSED\)/.test((await told()).out))
  t.match(await told(), {
    code: 0,
    out: /, ready\n {2}Redis is not reached \(ECONNREFUSED\): this proxy is alone .*\n\nmine /
  })
  const json = await sc(commands, ['status', '--json', ...adminArgs])
  t.match(JSON.parse(json.out), { ready: true, reasons: [], remarks: [/^Redis is not reached \(ECONNREFUSED\)/] })
  const examined = await sc(commands, ['doctor', '--no-login', ...args, ...adminArgs])
  t.match(examined, {
    code: 0,
    out: /^warning +proxy on this machine: .* is running and ready\n +→ Redis is not reached/
  })
  t.notMatch(examined.out, /^\S+ +redis /m, 'which is not asked beside a proxy that has told')
})

t.test('where only the emulator is served Redis is not asked, so nobody says that it is not reached', async (t) => {
  const settings = { port: 0, admin: { port: 0 }, stateDir: 'none', redis: { url: 'redis://127.0.0.1:1' } }
  const args = ['--config', `${folderWith(t, { 'config.json': JSON.stringify(settings) })}/config.json`]
  const { adminPort, adminArgs } = await startApp(t, args)
  const readiness = await fetch(`http://127.0.0.1:${adminPort}/readiness`)
  t.strictSame(await readiness.json(), { status: 'ready' })
  const json = await sc(commands, ['status', '--json', ...adminArgs])
  t.strictSame(JSON.parse(json.out).remarks, [])
  const examined = await sc(commands, ['doctor', ...args, ...adminArgs])
  t.match(examined.out, /^ok +proxy on this machine: .* is running and ready\n/)
  t.match(examined.out, /^WRONG +redis 127\.0\.0\.1:1: ECONNREFUSED$/m, 'so doctor asks it itself')
})

t.test('status and doctor say that another proxy does not share with this one', async (t) => {
  const service = await startServiceChannel(t)
  const { args } = configFor(t, service)
  const folder = folderWith(t, {})
  const move = () => {
    const neighbours = openNeighbours({ warn() {} }, folder)
    t.teardown(neighbours.close)
    return neighbours
  }
  const { adminArgs } = await startApp(t, args, () => {}, move())
  t.notMatch((await sc(commands, ['status', ...adminArgs])).out, /another sc-proxy/)
  await move().announce(service.apiUrl, credentials.clientId, 'mine')
  const told = () => sc(commands, ['status', ...adminArgs])
  await until(async () => /another sc-proxy/.test((await told()).out))
  t.match(await told(), { code: 0, out: /, ready\n {2}mine: another sc-proxy on this machine .*\n\nmine / })
  const examined = await sc(commands, ['doctor', '--no-login', ...args, ...adminArgs])
  t.match(examined, {
    code: 0,
    out: /^warning +proxy on this machine: .*\n +→ mine: another sc-proxy on this machine /
  })
})
