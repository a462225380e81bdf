import { Readable } from 'node:stream'
import t from 'tap'
import { login } from '../../src/cli/login.js'
import { fingerprint } from '../../src/fingerprint.js'
import { openRedis } from '../../src/redis/connection.js'
import { askScript } from '../../src/redis/login-scripts.js'
import { takeLoginTurn } from '../../src/redis/login-turn.js'
import { configFor, sc } from '../cli/app.js'
import { credentials, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { startRedis, withoutRedis } from './server.js'

const user = 'test:{a}:user'
const settings = { user, me: 'a person', spacingMs: 5100, takesMs: 2000 }

t.jobs = 3

t.test('a login by hand and those of the replicas keep apart', { skip: withoutRedis, buffered: true }, async (t) => {
  const server = await startRedis(t)
  const redis = openRedis({ url: server.url })
  t.teardown(redis.close)
  const turn = await takeLoginTurn({ ...settings, redis })
  t.equal(turn?.waitMs, 0)
  const ask = () => redis.run(askScript, [user, 'test:{a}:login:1'], ['replica', '', 1, 0, 300, 5100])
  t.match(await ask(), ['wait', Number], 'a replica waits for the person')
  await turn?.end()
  const [kind, , waitMs] = (await ask()) as [string, number, number]
  t.equal(kind, 'lease')
  t.ok(waitMs > 4500 && waitMs <= 5100, `and ${waitMs} ms more`)
  const began = performance.now()
  const next = await takeLoginTurn({ ...settings, redis })
  t.ok(performance.now() - began >= 250, 'the person waits for the replica')
  t.ok((next?.waitMs ?? 0) > 4500)
})

t.test('where Redis is not reached nobody waits for long', { buffered: true }, async (t) => {
  const redis = openRedis({ url: 'redis://127.0.0.1:1' })
  t.teardown(redis.close)
  t.equal(await takeLoginTurn({ ...settings, redis }), undefined)
})

t.test(
  'sc-proxy login comes after the spacing the replicas have to keep',
  { skip: withoutRedis, buffered: true },
  async (t) => {
    const [server, service] = await Promise.all([startRedis(t), startServiceChannel(t)])
    const key = `sc-proxy:{${fingerprint(JSON.stringify([service.loginUrl, credentials.username]))}}:user`
    const { apiUrl, loginUrl } = service
    const { clientId, clientSecret, username } = credentials
    const own = { clientId, clientSecret, username, sessionFile: 'session', sessionKey: 'a key of this test' }
    const environments = { mine: { apiUrl, loginUrl, caFile: 'ca.pem', credentials: own } }
    const { args } = configFor(t, service, { environments, redis: { url: server.url } })
    const notBefore = Date.now() + 1500
    server.say('HSET', key, 'notBefore', `${notBefore}`)
    const stdin = Readable.from([`${credentials.password}\n`])
    const told = await sc([login], ['login', '--password-stdin', ...args], { stdin })
    t.match(told, { code: 0 }, told.err)
    t.equal(service.logins.length, 1)
    t.ok(Date.now() >= notBefore)
    t.ok(Number(server.say('HGET', key, 'notBefore')) > notBefore + 4000, 'and the replicas keep away from it')
    await until(() => !server.say('HGET', key, 'by'))
  }
)
