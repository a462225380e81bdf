import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commands } from '../../src/cli/commands.js'
import { folderWith, sc } from '../cli/app.js'
import { swagger } from '../openapi/swagger.js'
import { startApp } from '../support/app.js'
import { startServer } from '../support/server.js'

interface Shown {
  host?: string
  basePath?: string
  servers?: { url: string }[]
  detail?: string
}

async function get<T = Shown>(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) as T }
}

/** A configuration with a file of its own for the description. */
function withDescription(t: Test, text: string) {
  const folder = folderWith(t, { 'api.json': text })
  return join(folder, 'api.json')
}

/** In front of the emulator, with its description. */
let { app, url, adminUrl } = {} as Awaited<ReturnType<typeof startApp>>
t.before(async () => {
  ;({ app, url, adminUrl } = await startApp(t))
})

t.test('the page may run its own files, and call this listener and the proxied ones', async (t) => {
  const { status, headers, text } = await get(`${adminUrl}/explorer`)
  t.equal(status, 200)
  const policy = headers.get('content-security-policy') ?? ''
  t.match(policy, "default-src 'none'; script-src 'self'; style-src 'self';")
  t.match(policy, `connect-src 'self' http://localhost:${app.listeners[0]?.port};`)
  t.notMatch(policy, /unsafe|\*/)
  for (const [, path = ''] of text.matchAll(/(?:src|href)="([^"#]+)"/g)) {
    if (path === 'explorer/openapi.json') continue
    const file = await get(`${adminUrl}/${path}`)
    t.equal(file.status, 200, path)
    t.not(file.headers.get('content-type'), 'application/octet-stream', path)
  }
})

t.test('of Swagger UI nothing is served that the page does not load', async (t) => {
  for (const name of ['swagger-ui-bundle.js.map', 'swagger-ui-es-bundle.js', 'index.html', 'oauth2-redirect.html'])
    t.equal((await get(`${adminUrl}/explorer/${name}`)).status, 404, name)
  for (const path of ['..%2fadmin.js', '%2e%2e/explorer.js', 'explorer.html'])
    t.not((await get(`${adminUrl}/explorer/${path}`)).status, 200, path)
})

t.test('every listener has its own document, whose only server it is', async (t) => {
  const file = withDescription(t, JSON.stringify(swagger))
  const listeners = JSON.stringify([
    { environment: 'emulator', port: 0 },
    { environment: 'emulator', port: 0, access: 'read-only', clientKey: 'CANARY-key' }
  ])
  const { app, adminUrl } = await startApp(t, {
    SC_PROXY_PORT: '',
    SC_PROXY_LISTENERS: listeners,
    SC_PROXY_OPENAPI: file
  })
  for (const [index, { port }] of app.listeners.entries()) {
    const { text, json } = await get(`${adminUrl}/explorer/openapi.json?listener=${index}`)
    t.match(json(), { host: `localhost:${port}`, basePath: '/v3' })
    t.equal(/x-sc-proxy-key/.test(text), index === 1, 'a key is asked for where one is wanted')
    t.notMatch(text, /CANARY-key|oauth2/)
  }
  for (const unknown of ['2', '-1', 'x', '0.5'])
    t.equal((await get(`${adminUrl}/explorer/openapi.json?listener=${unknown}`)).status, 404)
})

t.test("listeners let in the pages of the admin listener, whatever they call it, and nobody else's", async (t) => {
  const { port } = new URL(adminUrl)
  for (const name of ['localhost', '127.0.0.1']) {
    const origin = `http://${name}:${port}`
    const { status, headers } = await get(`${url}/v3/trades`, { origin, 'sec-fetch-site': 'cross-site' })
    t.equal(status, 200, origin)
    t.equal(headers.get('access-control-allow-origin'), origin)
  }
  const strangers = ['localhost:1', 'localhost', `evil.example:${port}`, `localhost:${port}.evil.example`]
  for (const origin of [...strangers.map((name) => `http://${name}`), `https://localhost:${port}`, 'null']) {
    const { status, headers } = await get(`${url}/v3/trades`, { origin })
    t.equal(status, 403, origin)
    t.equal(headers.get('access-control-allow-origin'), null)
    t.equal((await get(`${adminUrl}/explorer/openapi.json`, { origin })).status, 403)
  }
})

t.test('a page that is let in may ask first, also where a key is wanted, and needs the key all the same', async (t) => {
  const own = await startApp(t, { SC_PROXY_CLIENT_KEY: 'CANARY-key', SC_PROXY_RULES_ALLOW: 'GET /v3/trades' })
  const origin = own.adminUrl
  const asks = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-sc-proxy-key' }
  const preflight = (headers: Record<string, string>) =>
    fetch(`${own.url}/v3/trades`, { method: 'OPTIONS', headers: { ...asks, ...headers } })
  const { status, headers } = await preflight({ origin })
  t.equal(status, 204)
  t.equal(headers.get('access-control-allow-headers'), 'x-sc-proxy-key')
  t.equal((await preflight({ origin: 'http://evil.example' })).status, 403)
  t.equal((await preflight({})).status, 403, 'nor is one without a page a way in')
  t.equal((await get(`${own.url}/v3/trades`, { origin })).status, 403)
  t.equal((await get(`${own.url}/v3/trades`, { origin, 'x-sc-proxy-key': 'CANARY-key' })).status, 200)
  t.equal((await get(`${own.url}/v3/users`, { origin, 'x-sc-proxy-key': 'CANARY-key' })).status, 403)
})

t.test('a file that cannot be used is told at the start, in one sentence, and nothing is started', async (t) => {
  const folder = folderWith(t, { 'api.json': '{"openapi": 3}' })
  const argv = ['start', '--port', '0', '--admin-port', '0', '--state-dir', 'none', '--openapi']
  t.match(await sc(commands, [...argv, 'api.json'], { cwd: folder }), {
    code: 2,
    err: /^sc-proxy: \S+api\.json is of version 3, and only Swagger 2\.0 and OpenAPI 3 can be read\n$/
  })
  t.match(await sc(commands, [...argv, 'none.json'], { cwd: folder }), {
    code: 2,
    err: /^sc-proxy: \S+none\.json cannot be read: there is no such file\n$/
  })
})

t.test('an address is asked when somebody looks, again after it failed, and then not any more', async (t) => {
  let isThere = false
  let asked = 0
  const origin = await startServer(t, (_request, response) => {
    asked++
    response.statusCode = isThere ? 200 : 503
    response.end(JSON.stringify(swagger))
  })
  const { adminUrl } = await startApp(t, { SC_PROXY_OPENAPI: `${origin}/api.json?key=CANARY` })
  t.equal(asked, 0)
  const { status, json } = await get(`${adminUrl}/explorer/openapi.json`)
  t.equal(status, 502)
  t.equal(json().detail, `${origin}/api.json cannot be fetched: the answer is 503.`)
  isThere = true
  for (const _ of [1, 2]) t.equal((await get(`${adminUrl}/explorer/openapi.json`)).json().basePath, '/v3')
  t.equal(asked, 2)
})
