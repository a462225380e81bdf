import tls from 'node:tls'
import t from 'tap'
import { trustedWith } from '../../src/authorities.js'
import { openRedis } from '../../src/redis/connection.js'
import { makeCertificates } from '../support/certificates.js'
import { until } from '../support/until.js'
import { startRedis, withoutRedis } from './server.js'

t.test(
  'over TLS a server is spoken with whose authority and name are as they should be',
  { skip: withoutRedis },
  async (t) => {
    const certificates = await makeCertificates()
    const stranger = await makeCertificates()
    const server = await startRedis(t, [], certificates)
    const open = (ca: string | undefined, url = server.url) => {
      const redis = openRedis({ url, ca })
      t.teardown(redis.close)
      return redis
    }
    const known = open(certificates.ca)
    const shouted = open(certificates.ca, server.url.replace('rediss:', 'REDISS:'))
    const unknown = open(undefined)
    const other = open(stranger.ca)
    const misnamed = open(certificates.ca, server.url.replace('localhost', '127.0.0.1'))
    const plain = open(undefined, server.url.replace('rediss:', 'redis:'))
    await until(() => known.life !== '' && shouted.life !== '')
    for (const redis of [unknown, other]) await until(() => /^(SELF_SIGNED|UNABLE_TO)/.test(redis.trouble ?? ''))
    await until(() => misnamed.trouble === 'ERR_TLS_CERT_ALTNAME_INVALID')
    await until(() => plain.trouble === 'connection lost' || plain.trouble === 'ECONNRESET')
    for (const redis of [unknown, other, misnamed, plain]) t.equal(redis.life, '')
  }
)

t.test('an authority of its own is trusted besides the well-known ones, and not in their place', async (t) => {
  const { ca } = await makeCertificates()
  t.equal(trustedWith(undefined), undefined)
  const trusted = trustedWith(ca) ?? []
  t.equal(trusted.at(-1), ca)
  t.ok(trusted.length > 100)
  t.ok(tls.rootCertificates.slice(0, 5).every((root) => trusted.includes(root)))
})
