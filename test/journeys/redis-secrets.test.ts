import net, { type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { startRedis, withoutRedis } from '../redis/server.js'
import { createClient } from './support/client.js'
import { keptItAll } from './support/kept-secrets.js'
import { environmentOf, run, startProxy } from './support/proxy.js'
import { becomes, weatherOf } from './support/redis-weather.js'
import { startServiceChannel } from './support/servicechannel.js'

const password = 'CANARY-redis'
/** Who has lost Redis waits for one window. */
const quota = { calls: 100, windowSeconds: 1 }

t.setTimeout(60_000)
t.jobs = 2

/** Answers every command with an error that repeats it. */
async function startEcho(t: Test): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => socket.write(`-ERR unknown: ${`${bytes}`.replaceAll(/[\r\n]+/g, ' ')}\r\n`.repeat(3)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The proxy with this Redis, telling all it can. */
async function startWith(t: Test, redis: object, files: Record<string, string> = {}) {
  const service = await startServiceChannel(t)
  const environments = { service: environmentOf(service, { quota }) }
  // One of several would log in a random time after it has lost the others.
  const shared = { maxReplicas: 1, ...redis }
  const proxy = await startProxy(t, { environments, redis: shared, log: { level: 'trace' } }, { files })
  const kept = async () => keptItAll(t, proxy, [await createClient(t, proxy.port)()], service.tokens())
  return { proxy, kept }
}

t.test(
  'the password of Redis stays in the proxy while it is good',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const { url } = await startRedis(t, ['--requirepass', password])
    const { proxy, kept } = await startWith(t, { url, passwordFile: 'word' }, { word: `${password}\n` })
    await becomes([proxy], true)
    await kept()
  }
)

t.test('and when it is refused', { skip: withoutRedis, buffered: true }, async (t) => {
  const { url } = await startRedis(t, ['--requirepass', 'another'])
  const { proxy, kept } = await startWith(t, { url, password })
  await proxy.says(/redis: not reached \(WRONGPASS/)
  t.match(await weatherOf(proxy), { isUp: false, remarks: [/WRONGPASS/] })
  await kept()
})

t.test('and when what stands in for Redis repeats it', { buffered: true }, async (t) => {
  const { proxy, kept } = await startWith(t, { url: await startEcho(t), username: 'CANARY-user', password })
  // Whether it is the words or the way that is wrong depends on which of them comes first.
  await proxy.says(/redis: not reached/)
  await kept()
})

t.test(
  'config does not tell it, nor does an error where it stands in the wrong place',
  { buffered: true },
  async (t) => {
    const output = async (args: string[], redis: object, files: Record<string, string> = {}) => {
      const settings = { 'config.json': JSON.stringify({ redis }), ...files }
      const command = run(t, { args: [...args, '--config', 'config.json'], files: settings })
      const { code } = await command.ended
      const text = command.stdout() + command.stderr()
      t.notMatch(text, /CANARY/)
      return { code, text }
    }
    const url = 'redis://127.0.0.1:6379'
    for (const args of [['config'], ['config', '--json']]) {
      t.match(await output(args, { url, password }), { code: 0, text: /redis/ })
      t.match(await output(args, { url, passwordFile: 'word' }, { word: password }), { code: 0, text: /redis/ })
    }
    const inUrl = await output(['start'], { url: `redis://user:${password}@127.0.0.1:6379` })
    t.match(inUrl, { code: 2, text: /redis\.url must be .* without user name and password/ })
    t.match(await output(['start'], { url, password: { word: password } }), { code: 2, text: /redis\.password/ })
  }
)
