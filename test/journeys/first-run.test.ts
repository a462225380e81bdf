import { readFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { createClient, problemOf } from './support/client.js'
import { type RunOptions, run } from './support/proxy.js'

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const anyPorts = ['--port', '0', '--admin-port', '0']

t.setTimeout(180_000)
t.jobs = 2

t.test('without any configuration it serves an offline ServiceChannel', { buffered: true }, async (t) => {
  // As on many machines: a proxy that everybody is told to use, and that cannot reach the emulator.
  const proxy = run(t, { args: anyPorts, env: { HTTPS_PROXY: 'nowhere.invalid:3128' } })
  const port = Number((await proxy.says(/listening on 127\.0\.0\.1:(\d+)/))[1])
  const adminPort = Number((await proxy.says(/http:\/\/127\.0\.0\.1:(\d+)/))[1])
  t.match(proxy.stderr(), new RegExp(`http://localhost:${port} .*emulator`), 'the banner says where and what')
  t.match(proxy.stderr(), `curl http://localhost:${port}/v3/workorders`, 'and what to type next')

  for (const host of ['127.0.0.1', 'localhost', ...(hasIPv6 ? ['::1'] : [])]) {
    const answer = await createClient(t, port, host)()
    t.equal(answer.status, 200, `${host} answers`)
    t.match(answer.headers, { 'content-type': /^application\/json/, 'x-sc-proxy-environment': 'emulator' })
    t.ok((JSON.parse(answer.body.toString()) as unknown[]).length > 0, 'with work orders')
  }

  const ask = createClient(t, port, 'localhost')
  const own = `http://localhost:${port}/v3/odata/`
  const first = await ask({ target: '/v3/odata/workorders?$count=true&$select=Id' })
  const page = JSON.parse(first.body.toString()) as Record<string, string & { Id: number }[]>
  t.ok(page['@odata.context']?.startsWith(`${own}$metadata#workorders`), 'OData says where it is: here')
  t.ok(page['@odata.nextLink']?.startsWith(`${own}workorders?`), 'and leads on from here')
  t.notMatch(first.body.toString(), /https:/, 'not to the server behind')
  const second = await ask({ target: page['@odata.nextLink']!.slice(`http://localhost:${port}`.length) })
  const next = JSON.parse(second.body.toString()) as typeof page
  t.notSame(next.value?.[0]?.Id, page.value?.[0]?.Id, 'to the next page')

  const [known] = JSON.parse((await ask()).body.toString()) as Record<string, string & { Id: number }>[]
  const { Location, Trade, Category, Priority } = known!
  const order = { ContractInfo: { LocationId: Location?.Id, TradeName: Trade }, Category, Priority, Nte: 250.5 }
  const headers = ['Content-Type', 'application/json']
  const made = await ask({ method: 'POST', headers, body: JSON.stringify({ ...order, Description: 'A leak' }) })
  t.equal(made.status, 201, `a work order can be made: ${made.body}`)
  const { id } = JSON.parse(made.body.toString()) as { id: number }
  const read = await ask({ target: `/v3/workorders/${id}` })
  t.match(JSON.parse(read.body.toString()), { Id: id, Description: 'A leak', Nte: 250.5 }, 'and read')

  const askAdmin = createClient(t, adminPort)
  for (const target of ['/startup', '/readiness', '/liveness'])
    t.equal((await askAdmin({ target })).status, 200, target)

  const toldAt = performance.now()
  proxy.child.kill('SIGTERM')
  const { code, at } = await proxy.ended
  t.equal(code, 0)
  t.ok(at - toldAt < 10_000, `it ends ${Math.round(at - toldAt)} ms after it is told to, idle clients or not`)
})

t.test('help, version and config tell what there is', { buffered: true }, async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const [told, help, config] = await Promise.all([
    outcome(t, { args: ['version'] }),
    outcome(t, { args: ['help'] }),
    outcome(t, {
      args: ['config', '--port', '9123'],
      env: { SC_PROXY_QUEUE_MAX_CALLS: '7', SC_PROXY_PASSWORD: 'CANARY' }
    })
  ])
  t.strictSame(told, { code: 0, stdout: `sc-proxy ${version}\n`, stderr: '' })
  t.match(help, { code: 0, stderr: '' })
  for (const name of ['start', 'emulate', 'config', 'version', 'help'])
    t.match(help.stdout, new RegExp(`^ +${name} +\\S`, 'm'))
  t.match(config, { code: 2, stdout: '', stderr: /SC_PROXY_CLIENT_ID/ }, 'a login that is half given is no login')
})

t.test('what cannot be run is explained, with exit code 2', { buffered: true }, async (t) => {
  t.jobs = 3
  t.test('an unknown command', { buffered: true }, async (t) => {
    t.match(await outcome(t, { args: ['strat'] }), { code: 2, stdout: '', stderr: /strat.*start/ })
  })

  t.test('a configuration with errors: all of them at once', { buffered: true }, async (t) => {
    const config = {
      listeners: [{ environment: 'mine', port: 99_999 }, { environment: 'elsewhere' }],
      environments: { mine: { apiUrl: 'http://api.example.com', loginUrl: 'https://login.example.com/path' } },
      queue: { maxCalls: 0 },
      tls: { minVersion: 'TLSv1.1' },
      shutdwon: {}
    }
    const { code, stdout, stderr } = await outcome(t, {
      args: ['start', '--config', 'config.json', '--log-level', 'loud'],
      env: { SC_PROXY_ADMIN_PORT: 'many' },
      files: { 'config.json': JSON.stringify(config) }
    })
    t.equal(code, 2)
    t.equal(stdout, '', 'nothing is listened to')
    for (const place of [
      'config.json: listeners[0].port',
      'config.json: listeners[1].environment',
      'config.json: environments.mine.apiUrl',
      'config.json: environments.mine.loginUrl',
      'config.json: queue.maxCalls',
      'config.json: tls.minVersion',
      'config.json: shutdwon',
      '--log-level',
      'SC_PROXY_ADMIN_PORT',
      'environment mine has no clientId'
    ]) {
      t.ok(stderr.includes(place), `it names ${place}`)
    }
  })

  t.test('production without credentials', { buffered: true }, async (t) => {
    const { code, stdout, stderr } = await outcome(t, { args: ['--environment', 'production', ...anyPorts] })
    t.strictSame([code, stdout], [2, ''])
    t.match(
      stderr,
      /production[\s\S]*SC_PROXY_CLIENT_ID[\s\S]*SC_PROXY_CLIENT_SECRET[\s\S]*SC_PROXY_USERNAME[\s\S]*SC_PROXY_PASSWORD/
    )
  })

  t.test('secrets where they do not belong, which are not repeated', { buffered: true }, async (t) => {
    const files = { 'config.json': '{\n  "port": 8080,\n  "password": "CANARY-e\n}' }
    const args = ['--password', 'CANARY-a', '--client-secret=CANARY-b', '--passwrod', 'CANARY-c', 'CANARY-d']
    const { code, stdout, stderr } = await outcome(t, { args: [...args, '--config', 'config.json'], files })
    t.strictSame([code, stdout], [2, ''])
    t.match(stderr, /--password.*SC_PROXY_PASSWORD/)
    t.match(stderr, /--client-secret.*SC_PROXY_CLIENT_SECRET/)
    t.match(stderr, /config\.json.*not JSON.*line 3/)
    t.notMatch(stderr, 'CANARY')
  })

  for (const [host, flag, other] of [
    ['127.0.0.1', '--port', '--admin-port'],
    [hasIPv6 ? '::1' : '127.0.0.1', '--admin-port', '--port']
  ] as const) {
    t.test(`a port for ${flag} that somebody else has on ${host}`, { buffered: true }, async (t) => {
      const somebody = net.createServer().listen(0, host)
      await new Promise((resolve) => somebody.once('listening', resolve))
      const { port } = somebody.address() as AddressInfo
      t.teardown(() => void somebody.close())
      const { code, stdout, stderr } = await outcome(t, { args: [flag, `${port}`, other, '0'] })
      t.strictSame([code, stdout], [2, ''])
      t.match(stderr, new RegExp(`^sc-proxy: .*\\b${port}\\b.* already in use.* ${flag}\\.\\n$`), 'in one sentence')
    })
  }
})

t.test('--read-only lets in what only reads', { buffered: true }, async (t) => {
  const proxy = run(t, { args: ['--read-only', ...anyPorts] })
  const ask = createClient(t, Number((await proxy.says(/listening on 127\.0\.0\.1:(\d+)/))[1]))
  t.match(proxy.stderr(), /read-only/, 'the banner says so')
  t.equal((await ask()).status, 200)
  t.equal((await ask({ method: 'HEAD' })).status, 200)
  const filter = await ask({ method: 'POST', target: '/v3/odata/workorders/filter', body: '{}' })
  t.equal(filter.headers['x-sc-proxy-error'], undefined, 'a POST that is known to only read is let in')
  const form = { method: 'POST', target: '/oauth/token', body: 'grant_type=password&username=any&password=any' }
  t.equal((await ask(form)).status, 200, 'as is whoever insists on logging in first')
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await ask({ method, target: '/v3/workorders/1', body: '{}' })
    t.match(problemOf(answer), { status: 403, code: 'read_only', detail: new RegExp(`read-only.*${method}`) })
  }
  const sly = await ask({ headers: ['X-HTTP-Method-Override', 'DELETE'] })
  t.equal(sly.status, 403, 'nor does another header change the method')
})

/** Runs it to its end. */
async function outcome(t: Test, options: RunOptions) {
  const { ended, stdout, stderr } = run(t, options)
  const { code } = await ended
  return { code, stdout: stdout(), stderr: stderr() }
}
