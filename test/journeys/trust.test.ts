import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import t from 'tap'
import { makeCertificates } from './support/certificates.js'
import { createClient, problemOf } from './support/client.js'
import { startListeningPost } from './support/listening-post.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { account, startServiceChannel } from './support/servicechannel.js'

t.setTimeout(180_000)

const only = (version: SecureVersion) => ({ minVersion: version, maxVersion: version })
const anHourAgo = new Date(Date.now() - 3_600_000)
const cases = [
  { name: 'an unknown authority', is: {}, isKnown: false, reason: /authority/ },
  { name: 'another authority of the same name', is: { authority: 'remade' }, isKnown: false, reason: /caFile/ },
  { name: 'a wrong name', is: { names: ['api.example.com'] }, reason: /name/ },
  { name: 'a certificate that has ended', is: { notAfterDate: anHourAgo }, reason: /expired/ },
  { name: 'TLS 1.3 only', is: {}, tls: only('TLSv1.3'), reason: /TLS version/ },
  // At a higher level OpenSSL would not offer it, and the server would fail for a reason of its own.
  { name: 'TLS 1.1 only', is: {}, tls: { ...only('TLSv1.1'), ciphers: 'DEFAULT:@SECLEVEL=0' }, reason: /TLS version/ }
]

const folder = t.testdir()
// A user for each environment: those of one user would log in five seconds apart.
const users = Array.from({ length: 20 }, (_, n) => ({ ...account, username: `user.${n}` }))
const good = await startServiceChannel(t, { accounts: users, tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } })
const modern = await startServiceChannel(t, { tls: only('TLSv1.3') })
const remade = await makeCertificates({ authority: 'remade' })
const bad = await Promise.all(
  cases.map(async ({ is, tls = only('TLSv1.2'), isKnown = true, ...facts }, n) => {
    const { ca, ...pair } = await makeCertificates(is)
    const caFile = join(folder, `${n}.pem`)
    writeFileSync(caFile, [readFileSync(good.caFile), isKnown ? ca : remade.ca].join('\n'))
    const secure = { ...pair, ...tls }
    return {
      ...facts,
      tls,
      caFile,
      api: await startListeningPost(t, secure),
      login: await startListeningPost(t, secure)
    }
  })
)

let used = 0
const environment = (more: object) => environmentOf(good, { credentials: users[used++], ...more })
const { ports } = await startProxy(t, {
  timeouts: { headersSeconds: 5, loginSeconds: 5 },
  environments: {
    good: environment({}),
    unknown: environment({ caFile: undefined }),
    ...Object.fromEntries(
      bad.flatMap(({ caFile, api, login }, n) => [
        [`api-${n}`, environment({ caFile, apiUrl: api.url })],
        [`login-${n}`, environment({ caFile, loginUrl: login.url })]
      ])
    )
  }
})
const [askGood, askUnknown, ...asks] = ports.map((port) => createClient(t, port))

for (const [n, { name, tls, reason, api, login }] of bad.entries()) {
  for (const [server, post, ask] of [
    ['upstream', api, asks[n * 2]!],
    ['login', login, asks[n * 2 + 1]!]
  ] as const) {
    t.test(`${server} with ${name} is told nothing`, async (t) => {
      for (const question of [{}, { method: 'POST', body: 'CANARY' }]) {
        const answer = await ask(question)
        const problem = problemOf(answer)
        t.strictSame([answer.status, problem.status, problem.code], [502, 502, `${server}_untrusted`])
        t.match(problem.detail, reason, 'the client reads why')
        t.match(problem.detail, /^[A-Z].*\.$/)
        t.equal(problem.ErrorMessage, problem.detail)
      }
      t.strictSame(post.heard, [], 'not one byte arrives after the handshake')
      t.equal(await toldBySomebodyCareless(post.url, tls), true)
      t.strictSame(Buffer.concat(post.heard).toString(), 'hello', 'though the server does listen')
    })
  }
}

t.test('the other half of such an environment learns nothing either', async (t) => {
  t.strictSame(good.calls, [], 'no API gets a call of a login that is not trusted')
})

t.test('an authority of one’s own is trusted where caFile names it, and only there', async (t) => {
  t.equal((await askGood!()).status, 200)
  t.match(problemOf(await askUnknown!()), { status: 502, detail: /authority.*caFile/ })
  t.strictSame(
    good.calls.map(({ tlsVersion }) => tlsVersion),
    ['TLSv1.2'],
    'and spoken to in TLS 1.2, although it offers 1.3'
  )
})

t.test('tls.maxVersion opens the way to TLS 1.3', async (t) => {
  const { ports } = await startProxy(t, {
    tls: { maxVersion: 'TLSv1.3' },
    environments: { modern: environmentOf(modern), good: environment({}) }
  })
  for (const port of ports) t.equal((await createClient(t, port)()).status, 200)
  t.equal(modern.calls[0]?.tlsVersion, 'TLSv1.3')
})

/** A client that trusts anybody and speaks whatever it is asked to: the control of the experiment. */
function toldBySomebodyCareless(url: string, tls: object): Promise<boolean> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false, ...tls }, () => {
      socket.end('hello')
    })
    socket
      .on('close', () => resolve(true))
      .on('error', reject)
      .resume()
  })
}
