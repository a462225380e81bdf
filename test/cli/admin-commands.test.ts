import http from 'node:http'
import t from 'tap'
import { createAdmin } from '../../src/admin/admin.js'
import { listen } from '../../src/cli/listen.js'
import { quit } from '../../src/cli/quit.js'
import { status } from '../../src/cli/status.js'
import { wait } from '../../src/cli/wait.js'
import { json, startServiceChannel } from '../support/servicechannel.js'
import { configFor, sc, startApp } from './app.js'

const commands = [wait, quit, status]

/** An admin listener whose readiness the test decides. */
async function startAdmin(t: import('tap').Test) {
  const health = { hasStarted: () => true, reasons: ['Nobody can log in.'], obstacles: () => health.reasons }
  const door = await listen(createAdmin(health, { host: '127.0.0.1', allowedHosts: [] }), '127.0.0.1', 0)
  t.teardown(() => door.close())
  return { health, args: ['--admin-port', String(door.port)] }
}

t.test('wait ends as soon as the proxy is ready', async (t) => {
  const { health, args } = await startAdmin(t)
  const waiting = sc(commands, ['wait', ...args, '--timeout', '20'])
  health.reasons = []
  t.match(await waiting, { code: 0, out: /^ready after \d/, err: '' })
  const { out } = await sc(commands, ['wait', '--json', ...args])
  t.match(JSON.parse(out), { ready: true, waitedSeconds: Number })
})

t.test('wait gives up after its time and says what was in the way', async (t) => {
  const { args } = await startAdmin(t)
  t.match(await sc(commands, ['wait', '--timeout=0.3', ...args]), { code: 1, out: '', err: /Nobody can log in\./ })
  const { code, out } = await sc(commands, ['wait', '--timeout', '0', '--json', ...args])
  t.match([code, JSON.parse(out)], [1, { ready: false, reason: 'Nobody can log in.' }])
})

t.test('wait says that nothing is there, and refuses what it cannot use', async (t) => {
  const gone = await listen(
    createAdmin({ hasStarted: () => true, obstacles: () => [] }, { host: '127.0.0.1', allowedHosts: [] }),
    '127.0.0.1',
    0
  )
  await gone.close()
  const absent = ['--admin-port', String(gone.port)]
  t.match(await sc(commands, ['wait', '--timeout', '0', ...absent]), {
    code: 1,
    err: /ECONNREFUSED.*is sc-proxy running/
  })
  t.match(await sc(commands, ['wait', '--timeout', 'soon']), { code: 2, err: /--timeout must be a number of seconds/ })
  t.match(await sc(commands, ['wait', '--timeout']), { code: 2, err: /--timeout needs a value/ })
  t.match(await sc(commands, ['wait', '--json=yes']), { code: 2, err: /--json takes no value/ })
  t.match(await sc(commands, ['wait', '--no-admin-enabled', '--timeout', '0']), { code: 1, err: /admin\.enabled/ })
  t.match(await sc(commands, ['wait', '--admin-port', '0', '--timeout', '0']), { code: 1, err: /free port/ })
})

t.test('quit stops a proxy that allows it', async (t) => {
  let asked = 0
  const { args } = configFor(t, await startServiceChannel(t))
  const { adminArgs } = await startApp(t, [...args, '--admin-allow-quit'], () => void asked++)
  t.match(await sc(commands, ['quit', ...adminArgs]), { code: 0, out: /stops/, err: '' })
  t.equal(asked, 1)
  t.match(JSON.parse((await sc(commands, ['quit', '--json', ...adminArgs])).out), { stopping: true })
})

t.test('a proxy that was not told to allow it does not quit', async (t) => {
  let asked = 0
  const { args } = configFor(t, await startServiceChannel(t))
  const { adminArgs } = await startApp(t, args, () => void asked++)
  t.match(await sc(commands, ['quit', ...adminArgs]), { code: 1, out: '', err: /--admin-allow-quit/ })
  t.equal(asked, 0)
})

t.test('status tells of user, token, session, quota and queue, and nothing secret', async (t) => {
  const service = await startServiceChannel(t)
  const { args } = configFor(t, service)
  const { port, adminArgs } = await startApp(t, args)
  const before = await sc(commands, ['status', ...adminArgs])
  t.match(before, { code: 0, out: /token +none yet/ })
  await fetch(`http://127.0.0.1:${port}/v3/workorders`)

  const { code, out } = await sc(commands, ['status', '--json', ...adminArgs])
  t.equal(code, 0)
  t.match(JSON.parse(out), {
    ready: true,
    reasons: [],
    listeners: [{ environment: 'mine', access: 'read-write', addresses: [`127.0.0.1:${port}`] }],
    environments: [
      {
        name: 'mine',
        apiUrl: service.apiUrl,
        username: 'canary.user',
        token: { state: 'valid', expiresInSeconds: /^(5\d\d|600)/, lastError: null },
        session: { endsInSeconds: Number },
        quota: { calls: 300, windowSeconds: 60, used: 1, throttled: 0 },
        companyQuota: null,
        queue: { waiting: 0, oldestWaitSeconds: 0 }
      }
    ]
  })
  const told = await sc(commands, ['status', ...adminArgs])
  t.match(
    told.out,
    /user +canary\.user\n +token +valid for 10 min\n +session +ends in 30 d\n +quota +1 of 300 in 60 s used/
  )
  for (const text of [out, told.out]) t.notMatch(text, /CANARY|token-1|re!fresh/)
})

t.test('status fails where calls would', async (t) => {
  const service = await startServiceChannel(t, {
    login: (_request, response) => json(response, 400, { error: 'invalid_grant' })
  })
  const { port, adminArgs } = await startApp(t, configFor(t, service).args)
  t.equal((await fetch(`http://127.0.0.1:${port}/v3/workorders`)).status, 502)
  t.match(await sc(commands, ['status', ...adminArgs]), {
    code: 1,
    out: /not ready\n.*rejected the login[\s\S]*token +none: the login was rejected/
  })
})

t.test('web pages learn nothing and stop nothing', async (t) => {
  let asked = 0
  const { args } = configFor(t, await startServiceChannel(t))
  const { adminPort } = await startApp(t, [...args, '--admin-allow-quit'], () => void asked++)
  const ask = (method: string, path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = http.request({ port: adminPort, host: '127.0.0.1', method, path, headers, agent: false })
      request.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject)
      request.end()
    })
  const own = `127.0.0.1:${adminPort}`
  for (const [method, path] of [
    ['GET', '/api/status'],
    ['POST', '/api/quit']
  ] as const) {
    t.equal(await ask(method, path, { host: `evil.example:${adminPort}` }), 403, 'a name that was made to point here')
    t.equal(await ask(method, path, { host: own, origin: 'http://evil.example' }), 403, 'a page of another origin')
    t.equal(await ask(method, path, { host: own, 'sec-fetch-site': 'cross-site' }), 403, 'a form of another site')
  }
  t.equal(asked, 0)
  t.equal(await ask('GET', '/api/status', { host: own, origin: `http://${own}` }), 200, 'a page of our own')
})
