import type { SecureVersion } from 'node:tls'
import t from 'tap'
import { makeCertificates } from '../support/certificates.js'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'

const only = (version: SecureVersion) => ({
  minVersion: version,
  maxVersion: version,
  ciphers: version < 'TLSv1.2' ? 'DEFAULT:@SECLEVEL=0' : undefined
})

t.test('an API server that cannot be trusted gets no request, and the client the reason', async (t) => {
  const stranger = await makeCertificates()
  const cases: [string, RegExp, Parameters<typeof startServiceChannel>[1]][] = [
    ['another authority', /signed by an authority this machine does not know/, { tls: stranger }],
    ['another name', /certificate is for another name/, { names: ['elsewhere.example'] }],
    ['TLS 1.3 only', /no TLS version that is allowed/, { tls: only('TLSv1.3') }],
    ['TLS 1.1 only', /no TLS version that is allowed/, { tls: only('TLSv1.1') }]
  ]
  for (const [name, reason, options] of cases) {
    const honest = await startServiceChannel(t)
    const suspect = await startServiceChannel(t, options)
    const ca = name === 'another authority' ? honest.ca : `${honest.ca}\n${suspect.ca}`
    const api = await startProxy(t, { environment: { apiUrl: suspect.apiUrl, loginUrl: honest.loginUrl, ca } })
    for (const time of ['first', 'second']) {
      const signal = AbortSignal.timeout(20_000)
      const answer = await fetch(`${api.url}/v3/x`, { method: 'POST', body: 'x', signal })
      const problem = (await answer.json()) as { code: string; detail: string }
      t.equal(answer.status, 502, `${name}, the ${time} time`)
      t.equal(problem.code, 'upstream_untrusted', name)
      t.match(problem.detail, reason, name)
      t.match(problem.detail, /Nothing was sent/)
    }
    t.equal(suspect.arrivals.length, 0)

    const login = await startProxy(t, { environment: { apiUrl: honest.apiUrl, loginUrl: suspect.loginUrl, ca } })
    const refused = (await (await fetch(`${login.url}/v3/x`)).json()) as { code: string; detail: string }
    t.equal(refused.code, 'login_untrusted', `${name}, at login`)
    t.match(refused.detail, reason, `${name}, at login`)
    t.equal(suspect.logins.length, 0)
    t.equal(honest.arrivals.length, 0)
  }
})

t.test('TLS 1.3 is spoken when the settings allow it, and 1.2 otherwise', async (t) => {
  const servicechannel = await startServiceChannel(t, { tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } })
  const versions: string[] = []
  servicechannel.api.on('secureConnection', (socket) => versions.push(socket.getProtocol() ?? ''))
  const careful = await startProxy(t, { environment: servicechannel })
  t.equal((await fetch(`${careful.url}/v3/x`)).status, 200)
  const modern = await startProxy(t, {
    environment: servicechannel,
    tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }
  })
  t.equal((await fetch(`${modern.url}/v3/x`)).status, 200)
  t.strictSame(versions, ['TLSv1.2', 'TLSv1.3'])
})

t.test('an extra authority is added to the known ones, not put in their place, and named by nobody else', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const { ca, ...withoutCa } = servicechannel
  t.ok(ca)
  const proxy = await startProxy(t, { environment: { apiUrl: withoutCa.apiUrl, loginUrl: withoutCa.loginUrl } })
  const answer = await fetch(`${proxy.url}/v3/x`)
  t.equal(answer.status, 502)
  t.match(await answer.json(), { code: 'login_untrusted', ErrorMessage: /name its certificate with caFile/ })
})
