import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { configFor, folderWith, startApp } from '../cli/app.js'
import { startInterceptingProxy } from '../support/intercepting-proxy.js'
import { raw } from '../support/raw.js'
import { credentials, startServiceChannel } from '../support/servicechannel.js'

type Service = Awaited<ReturnType<typeof startServiceChannel>>

/** A configuration file that knows nothing of the authority of the service: only what is between them can. */
function configWithoutCa(t: Test, { apiUrl, loginUrl }: Service, settings: object = {}): string[] {
  const environments = { mine: { apiUrl, loginUrl, credentials } }
  const config = { environment: 'mine', port: 0, admin: { port: 0 }, stateDir: 'none', environments, ...settings }
  return ['--config', join(folderWith(t, { 'config.json': JSON.stringify(config) }), 'config.json')]
}

/** What a client without any library hears. */
async function ask(port: number, request = 'GET /v3/workorders'): Promise<string> {
  return raw(port, `${request} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const detailOf = (answer: string): string => JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '{}').detail

t.test('login and call pass through a proxy that opens TLS, are seen there, and speak TLS 1.2', async (t) => {
  const service = await startServiceChannel(t)
  const between = await startInterceptingProxy(t, { trusts: service.ca })
  const flags = ['--upstream-proxy', between.url, '--ca-file', between.caFile]
  const { port, lines } = await startApp(t, [...configWithoutCa(t, service), ...flags])
  t.match(await ask(port, 'POST /v3/workorders?a=b'), /^HTTP\/1\.1 200 .*\{"ok":true\}/s)
  const form = new URLSearchParams(between.seen[0]?.body)
  t.equal(form.get('password'), credentials.password, 'the login can be read there')
  t.match(between.seen, [
    { method: 'POST', url: '/oauth/token', tls: 'TLSv1.2' },
    { method: 'POST', url: '/v3/workorders?a=b', headers: { authorization: 'Bearer token-1' }, tls: 'TLSv1.2' }
  ])
  t.match(service, { logins: { length: 1 }, arrivals: { length: 1 } }, 'and arrives')
  t.notMatch(lines.join(''), /CANARY|token-1/)
})

t.test('without its authority nothing is sent, and the answer names the cure', async (t) => {
  const service = await startServiceChannel(t)
  const between = await startInterceptingProxy(t, { trusts: service.ca })
  const { port } = await startApp(t, [...configWithoutCa(t, service), '--upstream-proxy', between.url])
  const answer = await ask(port)
  t.match(answer, /^HTTP\/1\.1 502 .*login_untrusted/s)
  t.match(detailOf(answer), /name its certificate with caFile or --ca-file/)
  t.equal(between.connects.length, 1, 'it was asked for a tunnel')
  t.strictSame([between.seen, service.logins, service.arrivals], [[], [], []])
})

t.test('a proxy that asks for credentials gets them; wrong ones, or none, are told as such', async (t) => {
  const service = await startServiceChannel(t)
  const between = await startInterceptingProxy(t, { trusts: service.ca, login: 'jane:p@ss CANARY' })
  const through = async (login: string) => {
    // Not a flag: others can read the command line.
    const upstreamProxy = between.url.replace('//', `//${login}`)
    return startApp(t, [...configWithoutCa(t, service, { upstreamProxy }), '--ca-file', between.caFile])
  }
  const welcome = await through('jane:p%40ss%20CANARY@')
  t.match(await ask(welcome.port), /^HTTP\/1\.1 200 /)
  const cases = [
    ['jane:CANARY-wrong@', /the corporate proxy refused the tunnel: check the user and password in upstreamProxy/],
    ['', /the corporate proxy wants a user and a password: put them into upstreamProxy/]
  ] as const
  for (const [login, sentence] of cases) {
    const refused = await through(login)
    const answer = await ask(refused.port)
    t.match(detailOf(answer), sentence)
    t.notMatch(answer + refused.lines.join(''), /CANARY/)
  }
  t.equal(between.connects.length, 2, 'those of the first')
})

t.test('a proxy that takes no Basic login is told as such: no other password would help', async (t) => {
  const service = await startServiceChannel(t)
  const options = { trusts: service.ca, login: 'jane:secret', challenges: ['Negotiate', 'NTLM'] }
  const between = await startInterceptingProxy(t, options)
  const flags = ['--upstream-proxy', between.url, '--ca-file', between.caFile]
  const { port } = await startApp(t, [...configWithoutCa(t, service), ...flags])
  t.match(detailOf(await ask(port)), /wants a login that is not spoken here \(NTLM or Kerberos\)/)
})

t.test('an answer that the proxy cuts off is cut off for the client, too, and not asked for again', async (t) => {
  const service = await startServiceChannel(t, {
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('the first half')
    }
  })
  const between = await startInterceptingProxy(t, { trusts: service.ca, cuts: /slow/ })
  const flags = ['--upstream-proxy', between.url, '--ca-file', between.caFile]
  const { port } = await startApp(t, [...configWithoutCa(t, service), ...flags])
  const heard = await ask(port, 'GET /v3/slow')
  t.match(heard, /^HTTP\/1\.1 200 .*the first half/s)
  t.notMatch(heard, /\r\n0\r\n\r\n$/, 'no client can take it for the whole')
  t.equal(service.arrivals.length, 1)
})

t.test("an environment's own authority and the one for all are both trusted; and a file may be DER", async (t) => {
  const service = await startServiceChannel(t)
  const between = await startInterceptingProxy(t, { trusts: service.ca })
  const { folder, args } = configFor(t, service)
  const der = join(folder, 'FiddlerRoot.cer')
  writeFileSync(der, new X509Certificate(between.ca).raw)
  const flags = ['--upstream-proxy', between.url, '--ca-file', der]
  const straight = ['--no-proxy', new URL(service.apiUrl).host]
  const { port } = await startApp(t, [...args, ...flags, ...straight])
  t.match(await ask(port), /^HTTP\/1\.1 200 /)
  t.match(
    between.seen.map(({ url }) => url),
    ['/oauth/token'],
    'the API itself was reached straight'
  )
})

t.test('an application may have the proxy in front: what Fiddler makes of its names is let in', async (t) => {
  const service = await startServiceChannel(t)
  const { args } = configFor(t, service)
  const { port } = await startApp(t, args)
  const front = await startInterceptingProxy(t)
  const target = `http://localhost:${port}/v3/workorders`
  const request = `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nProxy-Connection: keep-alive\r\nConnection: close\r\n\r\n`
  t.match(await raw(front.port, request), /^HTTP\/1\.1 200 .*\{"ok":true\}/s)
  t.match(front.seen, [{ url: '/v3/workorders', tls: undefined }])
  t.notOk(service.arrivals[0]?.headers['proxy-connection'])
})

t.test('a name that the tool passes on as it is has to be allowed', async (t) => {
  const service = await startServiceChannel(t)
  const { args } = configFor(t, service)
  const request = 'GET /v3/x HTTP/1.1\r\nHost: localhost.charlesproxy.com:8080\r\nConnection: close\r\n\r\n'
  const strict = await startApp(t, args)
  t.match(detailOf(await raw(strict.port, request)), /allowedHosts/)
  const told = await startApp(t, [...args, '--allowed-hosts', 'localhost.charlesproxy.com'])
  t.match(await raw(told.port, request), /^HTTP\/1\.1 200 /)
})
