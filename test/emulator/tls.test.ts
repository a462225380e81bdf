import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type ConnectionOptions, connect } from 'node:tls'
import t, { type Test } from 'tap'
import { visit } from './visitor.js'

async function handshake(t: Test, url: string, options: ConnectionOptions): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', servername: 'localhost', ...options })
  t.teardown(() => socket.destroy())
  return once(socket, 'secureConnect').then(
    () => socket.getProtocol() ?? '',
    (error) => error.code
  )
}

t.test('both hosts speak TLS 1.2 with a certificate of the returned authority', async (t) => {
  const { emulator } = await visit(t)
  for (const url of [emulator.apiUrl, emulator.loginUrl]) {
    t.match(url, /^https:\/\/localhost:\d+$/)
    t.equal(await handshake(t, url, { ca: emulator.ca }), 'TLSv1.2')
    t.equal(await handshake(t, url, { ca: emulator.ca, servername: '', host: '127.0.0.1' }), 'TLSv1.2')
  }
  const authority = new X509Certificate(emulator.ca)
  t.equal(authority.ca, true)
  t.equal(authority.publicKey.asymmetricKeyType, 'ec')
})

t.test(
  'a client without the authority, and one that insists on TLS 1.3, get no further than the handshake',
  async (t) => {
    const { emulator } = await visit(t)
    t.equal(await handshake(t, emulator.apiUrl, {}), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    t.equal(
      await handshake(t, emulator.apiUrl, { ca: emulator.ca, minVersion: 'TLSv1.3' }),
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'
    )
  }
)

t.test('a scenario may allow TLS 1.3', async (t) => {
  const { emulator } = await visit(t, { tls: 'TLSv1.3' })
  t.equal(await handshake(t, emulator.apiUrl, { ca: emulator.ca }), 'TLSv1.3')
})

t.test('each start makes an authority of its own', async (t) => {
  const [one, other] = [await visit(t), await visit(t)]
  t.not(one.emulator.ca, other.emulator.ca)
  t.equal((await handshake(t, one.emulator.apiUrl, { ca: other.emulator.ca })) === 'TLSv1.2', false)
})

t.test('a taken port fails the start and leaves nothing listening', async (t) => {
  const { emulator } = await visit(t)
  const apiPort = Number(new URL(emulator.apiUrl).port)
  await t.rejects(visit(t, { apiPort }), { code: 'EADDRINUSE' })
})
