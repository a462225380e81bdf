import type { ServerResponse } from 'node:http'
import t from 'tap'
import { createClient, problemOf } from './support/client.js'
import { keptItAll } from './support/kept-secrets.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { account, json, startServiceChannel } from './support/servicechannel.js'

const credentials = { ...account, clientSecret: 'CANARY-client-secret', password: 'CANARY-pass!word' }
const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64')
const log = { level: 'trace', format: 'auto' }
const ofTheClient = ['Authorization', 'Bearer CANARY-of-the-client', 'Cookie', 'session=CANARY-of-the-client']

t.setTimeout(180_000)
t.jobs = 2

t.test(
  'secrets of variables, files and clients stay in the proxy while all goes well',
  { buffered: true },
  async (t) => {
    const service = await startServiceChannel(t, { accounts: [credentials] })
    const { clientSecret, password, clientId, username } = credentials
    const proxy = await startProxy(
      t,
      {
        log,
        listeners: [{ environment: 'mine', clientKeyFile: 'key' }],
        environments: { mine: environmentOf(service, { credentials: { clientId, username } }) }
      },
      {
        env: { SC_PROXY_CLIENT_SECRET: clientSecret, SC_PROXY_PASSWORD_FILE: 'password' },
        files: { password: `${password}\n`, key: 'CANARY-client-key\n' }
      }
    )
    const ask = createClient(t, proxy.port)
    const key = ['X-SC-Proxy-Key', 'CANARY-client-key']
    const answers = [
      await ask({ headers: [...key, ...ofTheClient], target: '/v3/workorders?access_token=CANARY-in-the-query' }),
      await ask({ headers: [...key, ...ofTheClient], method: 'POST', body: '{"Note":"CANARY-in-the-body"}' }),
      await ask({ headers: ofTheClient }),
      await ask({ headers: ['X-SC-Proxy-Key', 'CANARY-wrong-key'] }),
      await ask({ headers: [...key, 'Origin', 'https://CANARY.example.com'] }),
      await ask({ headers: [...key, 'Bad', 'header'], target: '/v3/%' })
    ]
    t.strictSame(
      answers.map(({ status }) => status),
      [200, 200, 403, 403, 403, 200]
    )
    t.strictSame(
      service.calls.flatMap(({ headers }) => headers).filter((text) => text.includes('CANARY')),
      [],
      'nor does the API see those of the client'
    )
    await keptItAll(t, proxy, answers, [basic, ...service.tokens()])
  }
)

t.test('and when everything goes wrong', { buffered: true }, async (t) => {
  const echo = (text: string) => (response: ServerResponse) => void response.socket?.end(text)
  const seen = (response: ServerResponse) => `${response.req.rawHeaders.join('\n')}`
  const troubles = {
    // A server that repeats what it was told, in every place where it can.
    rejects: login((response, form) => {
      json(response, 400, { error: 'invalid_grant', error_description: `No ${form} nor ${seen(response)}` })
    }),
    repeats: login((response, form) => {
      const description = `user ${form.get('username')} has no password ${form.get('password')}`
      json(response, 400, { error: `no_${form.get('password')}`, error_description: description })
    }),
    fails: login((response, form) => response.writeHead(500, 'CANARY').end(`<html>${form}${seen(response)}`)),
    redirects: login((response, form) => response.writeHead(302, { Location: `/Account/LogOn?${form}` }).end()),
    babbles: login((response, form) => echo(`${seen(response)}\n${form}`)(response)),
    mints: login((response) => json(response, 200, { access_token: 'CANARY-token', token_type: 'CANARY-type' })),
    limits: login((response, form) =>
      response.writeHead(429, { 'Error-Message': `${form}`, 'Retry-After': '60' }).end()
    ),
    apiBabbles: { answer: (_call: unknown, response: ServerResponse) => echo(seen(response))(response) },
    apiDrops: { answer: (_call: unknown, response: ServerResponse) => void response.socket?.destroy() }
  }
  const services = await Promise.all(
    Object.values(troubles).map((trouble) => startServiceChannel(t, { accounts: [credentials], ...trouble }))
  )
  const proxy = await startProxy(t, {
    log,
    environments: Object.fromEntries(
      Object.keys(troubles).map((name, n) => [name, environmentOf(services[n]!, { credentials })])
    ),
    timeouts: { loginSeconds: 3 }
  })
  const answers = await Promise.all(
    proxy.ports.flatMap((port) => {
      const ask = createClient(t, port)
      return [ask({ headers: ofTheClient }), ask({ method: 'POST', headers: ofTheClient, body: 'CANARY' })]
    })
  )
  for (const answer of answers) t.match(problemOf(answer), { status: /^50[234]$/, detail: /^[A-Z].*\.$/ })
  t.ok(services.every(({ logins }) => logins.length > 0))
  await keptItAll(t, proxy, answers, [basic, ...services.flatMap((service) => service.tokens())])
})

function login(answer: (response: ServerResponse, form: URLSearchParams) => unknown) {
  return {
    login(_call: unknown, response: ServerResponse, form: URLSearchParams) {
      answer(response, form)
      return true
    }
  }
}
