import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startRedis, withoutRedis } from '../redis/server.js'
import { makeCertificates } from './support/certificates.js'
import { createClient } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { becomes, weatherOf } from './support/redis-weather.js'
import { startServiceChannel } from './support/servicechannel.js'

t.setTimeout(60_000)
t.jobs = 2
const real = () => ({ skip: withoutRedis, buffered: true })

t.test('over TLS a Redis with an authority of its own is shared through', real(), async (t) => {
  const [certificates, service] = await Promise.all([makeCertificates(), startServiceChannel(t)])
  const { url } = await startRedis(t, [], certificates)
  const proxy = await startProxy(
    t,
    { environments: { service: environmentOf(service) }, redis: { url, caFile: 'redis-ca.pem' } },
    { files: { 'redis-ca.pem': certificates.ca } }
  )
  await becomes([proxy], true)
  t.equal((await createClient(t, proxy.port)()).status, 200)
  t.match(await weatherOf(proxy), { ready: 200, remarks: [], losses: 0 })
})

t.test('a changed redis.passwordFile is what the next connection logs in with', real(), async (t) => {
  const service = await startServiceChannel(t)
  const redis = await startRedis(t, ['--requirepass', 'first'])
  const proxy = await startProxy(
    t,
    { environments: { service: environmentOf(service) }, redis: { url: redis.url, passwordFile: 'word' } },
    { files: { word: 'first' } }
  )
  const connection = () =>
    /^id=(\d+) .*\bname=sc-proxy .*\bcmd=evalsha /m.exec(redis.say('-a', 'second', 'CLIENT', 'LIST'))?.[1]
  await becomes([proxy], true)
  redis.say('-a', 'first', 'CONFIG', 'SET', 'requirepass', 'second')
  while (connection() === undefined) await pause(20)
  const before = connection()
  t.ok(before, 'who is connected stays so')

  writeFileSync(join(proxy.folder, 'word.new'), 'second')
  renameSync(join(proxy.folder, 'word.new'), join(proxy.folder, 'word'))
  await proxy.says(/now in force: redis\.password/)
  t.equal(connection(), before)
  redis.say('-a', 'second', 'CLIENT', 'KILL', 'ID', before ?? '')
  while ([undefined, before].includes(connection())) await pause(20)
  await becomes([proxy], true)
  t.match(await weatherOf(proxy), { ready: 200, remarks: [], losses: 0 })
})
