import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { openApp } from '../../src/cli/app.js'
import { loadConfig } from '../../src/config/load.js'
import { raw } from '../support/raw.js'
import { credentials, startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

interface Given {
  argv?: string[]
  env?: Record<string, string>
  files?: Record<string, string>
}

/** The whole program but its process, from what somebody types. */
async function start(t: Test, { argv = [], env = {}, files = {} }: Given) {
  const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-settings-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const loaded = loadConfig({ argv: ['--port', '0', '--admin-port', '0', ...argv], env, cwd: folder })
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'))
  const app = await openApp(loaded.config, pino({ level: 'silent' }))
  t.teardown(() => app.drain(0))
  const port = app.listeners[0]?.port ?? 0
  return {
    port,
    adminPort: Number(app.adminUrl?.replace(/.*:/, '')),
    async ask(line: string, headers: Record<string, string> = {}, at = port) {
      const fields = Object.entries({ Host: 'localhost', Connection: 'close', ...headers })
      const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
      const answer = await raw(at, `${line} HTTP/1.1\r\n${head}\r\n`)
      const code = /x-sc-proxy-error: (\w+)/.exec(answer)?.[1]
      return `${answer.slice(9, 12)}${code ? ` ${code}` : ''}`
    }
  }
}

const read = 'GET /v3/trades'
const write = 'PUT /v3/workorders/270000001/status'

t.test('whoever sets nothing is let in to read and to write, under names of this machine only', async (t) => {
  const { ask, adminPort } = await start(t, {})
  t.equal(await ask(read), '200')
  t.equal(await ask(write, { 'Content-Length': '0' }), '400', 'an answer of the emulator')
  t.equal(await ask('GET /v3/users/current/profile'), '200')
  t.equal(await ask(read, { Host: 'proxy.internal' }), '403 host_not_allowed')
  t.equal(await ask(read, { Origin: 'https://mine.example' }), '403 origin_not_allowed')
  t.equal(await ask('GET /readiness', { Host: 'proxy.internal' }, adminPort), '403 host_not_allowed')
})

t.test('what a flag forbids is forbidden, and what it allows is allowed', async (t) => {
  const flags = ['--read-only', '--rules-deny', 'GET /v3/users/**', '--client-key-file', 'key']
  const doors = ['--allowed-hosts', 'proxy.internal', '--allowed-origins', 'https://mine.example']
  const { ask, adminPort } = await start(t, { argv: [...flags, ...doors], files: { key: 'CANARY-key\n' } })
  const key = { 'X-SC-Proxy-Key': 'CANARY-key' }
  t.equal(await ask(read), '403 client_key_required')
  t.equal(await ask(read, key), '200')
  t.equal(await ask(write, { ...key, 'Content-Length': '0' }), '403 read_only')
  t.equal(await ask('GET /v3/users/current/profile', key), '403 rule_denied')
  t.equal(await ask(read, { ...key, Host: 'proxy.internal' }), '200')
  t.equal(await ask(read, { ...key, Host: 'another.internal' }), '403 host_not_allowed')
  t.equal(await ask(read, { ...key, Origin: 'https://mine.example' }), '200')
  t.equal(await ask('GET /readiness', { Host: 'proxy.internal' }, adminPort), '200')
})

t.test('so it is with variables, and with a file of several listeners', async (t) => {
  const byVariable = await start(t, { env: { SC_PROXY_RULES_ALLOW: 'GET /v3/trades', SC_PROXY_CLIENT_KEY: 'k' } })
  t.equal(await byVariable.ask(read), '403 client_key_required')
  t.equal(await byVariable.ask(read, { 'X-SC-Proxy-Key': 'k' }), '200')
  t.equal(await byVariable.ask('GET /v3/categories', { 'X-SC-Proxy-Key': 'k' }), '403 rule_denied')

  const listener = { environment: 'emulator', port: 0, access: 'read-only', rules: { deny: ['/v3/categories'] } }
  const files = { 'config.json': JSON.stringify({ listeners: [listener], admin: { enabled: false } }) }
  const byFile = await start(t, { argv: ['--config', 'config.json'], files })
  t.equal(await byFile.ask(write, { 'Content-Length': '0' }), '403 read_only')
  t.equal(await byFile.ask('GET /v3/categories'), '403 rule_denied')
  t.equal(await byFile.ask(read), '200')
})

t.test('a proxy for the whole machine is passed by on the way to it, one named for us is not', async (t) => {
  const { apiUrl, loginUrl, ca } = await startServiceChannel(t)
  const files = { 'ca.pem': ca, secret: credentials.clientSecret, password: credentials.password }
  const { clientId, username } = credentials
  const login = { clientId, username, clientSecretFile: 'secret', passwordFile: 'password' }
  const SC_PROXY_ENVIRONMENTS = JSON.stringify({ mine: { apiUrl, loginUrl, caFile: 'ca.pem', credentials: login } })
  let asked = ''
  const forward = net.createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (text) => {
        asked += text
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      })
  })
  await once(forward.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => forward.close())
  const HTTPS_PROXY = `http://127.0.0.1:${(forward.address() as AddressInfo).port}`
  const env = { SC_PROXY_ENVIRONMENTS, HTTPS_PROXY }
  const argv = ['--environment', 'mine', '--no-proxy', 'intranet.example']
  const passing = await start(t, { argv, env, files })
  t.equal(await passing.ask(read), '200')
  t.equal(asked, '')
  const going = await start(t, { argv: [...argv, '--upstream-proxy', HTTPS_PROXY], env, files })
  void going.ask(read)
  await until(() => asked.startsWith(`CONNECT ${new URL(loginUrl).host} HTTP/1.1\r\n`))
})
