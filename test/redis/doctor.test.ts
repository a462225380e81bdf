import net, { type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { doctor } from '../../src/cli/doctor.js'
import type { Finding } from '../../src/cli/finding.js'
import { folderWith, sc } from '../cli/app.js'
import { makeCertificates } from '../support/certificates.js'
import { startRedis, withoutRedis } from './server.js'

t.jobs = 4
const real = () => ({ skip: withoutRedis, buffered: true })

/** What doctor finds of this Redis where no proxy runs and only the emulator is configured. */
async function examine(t: Test, redis: object, files: Record<string, string> = {}) {
  const folder = folderWith(t, { 'config.json': JSON.stringify({ port: 0, admin: { port: 0 }, redis }), ...files })
  const { code, out, err } = await sc([doctor], ['doctor', '--json', '--config', `${folder}/config.json`])
  t.notMatch(out + err, /CANARY/)
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  const found = findings.filter(({ check }) => check === 'redis')
  t.equal(found.length, 1, err)
  return { code, ...found[0] }
}

/** What a command of a client is answered. */
const replies: Record<string, string> = { INFO: '+run_id:1', EVALSHA: '*2\r\n$20\r\nredis_version:6.2.14\r\n*0' }

/** A server that is as old as the test wants, and says no more than is asked. */
async function startOld(t: Test): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const commands = [...`${bytes}`.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)].map(([, name = '']) => name.toUpperCase())
      socket.write(commands.map((name) => `${replies[name] ?? '+OK'}\r\n`).join(''))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('a Redis that is as it should be is told with its version', real(), async (t) => {
  const { url, port, say } = await startRedis(t, ['--requirepass', 'CANARY-word'])
  t.match(await examine(t, { url, passwordFile: 'word' }, { word: 'CANARY-word' }), {
    code: 0,
    subject: `127.0.0.1:${port}`,
    status: 'ok',
    found: /^(Redis|Valkey) \d+\.\d+\S+, \d+ ms, without TLS; its user may do all/
  })
  t.equal(say('-a', 'CANARY-word', 'KEYS', '*'), '', 'and nothing is left in it')
})

t.test('a password that is refused, or missing, is told as such', real(), async (t) => {
  const { url } = await startRedis(t, ['--requirepass', 'another'])
  const advice = /redis\.passwordFile/
  const wrong = { code: 1, status: 'wrong', found: 'WRONGPASS: user name or password refused', advice }
  t.match(await examine(t, { url, password: 'CANARY-word' }), wrong)
  t.match(await examine(t, { url }), { code: 1, status: 'wrong', found: 'NOAUTH: it wants a password', advice })
})

t.test('what its user may not do is named', real(), async (t) => {
  const { url, say } = await startRedis(t)
  const allowed = '+eval +evalsha +info +time +hgetall +hmget +hset +hdel +del'.split(' ')
  t.equal(say('ACL', 'SETUSER', 'some', 'on', '>CANARY-word', '~sc-proxy*', ...allowed), 'OK')
  t.equal(say('ACL', 'SETUSER', 'none', 'on', '>CANARY-word', '~sc-proxy*', '+info'), 'OK')
  const password = 'CANARY-word'
  const missing = { code: 1, status: 'wrong', found: /; its user may not HINCRBY, PEXPIRE$/, advice: /~sc-proxy\*/ }
  t.match(await examine(t, { url, username: 'some', password }), missing)
  const other = await examine(t, { url, username: 'some', password, keyPrefix: 'ours' })
  t.match(other, { code: 1, found: /^NOPERM: /, advice: /~ours\*/ })
  t.match(await examine(t, { url, username: 'none', password }), { code: 1, found: /^NOPERM: /, advice: /EVALSHA/ })
})

t.test('over TLS it is told whether its certificate can be verified', real(), async (t) => {
  const certificates = await makeCertificates()
  const { url } = await startRedis(t, [], certificates)
  const files = { 'ca.pem': certificates.ca }
  t.match(await examine(t, { url, caFile: 'ca.pem' }, files), { code: 0, found: / ms, over verified TLS; / })
  const advice = /redis\.caFile/
  t.match(await examine(t, { url }), { code: 1, status: 'wrong', found: /^(SELF_SIGNED|UNABLE_TO)/, advice })
  const misnamed = await examine(t, { url: url.replace('localhost', '127.0.0.1'), caFile: 'ca.pem' }, files)
  t.match(misnamed, { code: 1, found: 'ERR_TLS_CERT_ALTNAME_INVALID', advice })
  const plain = await examine(t, { url: url.replace('rediss:', 'redis:') })
  t.match(plain, { code: 1, status: 'wrong', advice: /whether it speaks TLS/ })
})

t.test('nobody there, a copy, and one without memory are told, with what to do', real(), async (t) => {
  t.match(await examine(t, { url: 'redis://127.0.0.1:1' }), { code: 1, found: 'ECONNREFUSED', advice: /host and port/ })
  const server = await startRedis(t)
  server.say('CONFIG', 'SET', 'maxmemory', '1')
  t.match(await examine(t, { url: server.url }), { code: 1, found: /^OOM: / })
  server.say('REPLICAOF', '127.0.0.1', '1')
  t.match(await examine(t, { url: server.url }), { code: 1, found: /^READONLY: /, advice: /primary/ })
})

t.test('one that hangs is not waited for', real(), async (t) => {
  const server = await startRedis(t)
  server.freeze()
  t.match(await examine(t, { url: server.url }), { code: 1, status: 'wrong', found: 'no answer in time' })
  server.thaw()
})

t.test('one that is too old is worth a word', { buffered: true }, async (t) => {
  const told = await examine(t, { url: await startOld(t) })
  t.match(told, { code: 0, status: 'warning', found: /^Redis 6\.2\.14, /, advice: /7 or newer/ })
})
