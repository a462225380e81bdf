import net from 'node:net'
import t from 'tap'
import { startFullHouse } from '../support/full-house.js'
import { createNames, startLine } from '../support/line.js'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

const v4 = '127.0.0.1'
const v6 = '::1'
const timeouts = { connectSeconds: 2, headersSeconds: 2, bodySeconds: 2, loginSeconds: 5 }

const hasIPv6 = await new Promise<boolean>((resolve) => {
  const probe = net.createServer().once('error', () => resolve(false))
  probe.listen(0, v6, () => probe.close(() => resolve(true)))
})

t.test('a name is reached at whichever of its addresses somebody listens', { skip: !hasIPv6 }, async (t) => {
  const servicechannel = await startServiceChannel(t, { names: ['localhost', 'api.example'] })
  for (const home of [v4, v6]) {
    const other = home === v4 ? v6 : v4
    const line = await startLine(t, servicechannel.apiUrl, { host: home })
    for (const addresses of [[home], [home, other], [other, home]]) {
      const { lookup } = createNames({ localhost: [v4], 'api.example': addresses })
      const proxy = await startProxy(t, {
        environment: { ...servicechannel, apiUrl: `https://api.example:${line.port}` },
        timeouts,
        ports: { lookup }
      })
      t.equal((await fetch(`${proxy.url}/v3/x`, { method: 'POST' })).status, 200, `at ${home} of ${addresses}`)
      t.equal(proxy.records[0]?.attempts, 1)
    }
  }
})

t.test('one dead address of two costs a moment, not the call', { skip: process.platform === 'win32' }, async (t) => {
  const servicechannel = await startServiceChannel(t, { names: ['localhost', 'api.example'] })
  const line = await startLine(t, servicechannel.apiUrl)
  const dead = process.platform === 'darwin' ? v6 : '127.0.0.2'
  await startFullHouse(t, dead, line.port)
  for (const addresses of [
    [dead, v4],
    [v4, dead]
  ]) {
    const { lookup } = createNames({ localhost: [v4], 'api.example': addresses })
    const proxy = await startProxy(t, {
      environment: { ...servicechannel, apiUrl: `https://api.example:${line.port}` },
      timeouts,
      ports: { lookup }
    })
    t.equal((await fetch(`${proxy.url}/v3/x`, { method: 'POST' })).status, 200, `${addresses}`)
    t.equal(proxy.records[0]?.attempts, 1)
  }
})

t.test('a literal address is an origin like any other', { skip: !hasIPv6 }, async (t) => {
  const servicechannel = await startServiceChannel(t)
  const line = await startLine(t, servicechannel.apiUrl, { host: v6 })
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, apiUrl: `https://[::1]:${line.port}` },
    timeouts
  })
  const answer = await (await fetch(`${proxy.url}/v3/x`)).json()
  t.match(answer, { code: 'upstream_untrusted', detail: /certificate is for another name/ }, 'and its name is checked')
})

t.test('a name nobody knows, and a name that is known again', async (t) => {
  const servicechannel = await startServiceChannel(t, { names: ['localhost', 'api.example'] })
  const addresses: Record<string, string[]> = { localhost: [v4], 'api.example': [] }
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, apiUrl: servicechannel.apiUrl.replace('localhost', 'api.example') },
    timeouts,
    ports: { lookup: createNames(addresses).lookup }
  })
  const answer = await fetch(`${proxy.url}/v3/x`, { method: 'POST' })
  t.match(await answer.json(), {
    status: 502,
    code: 'upstream_unreachable',
    detail: /not known to DNS.*Nothing was sent/
  })
  addresses['api.example']?.push(v4)
  t.equal((await fetch(`${proxy.url}/v3/x`, { method: 'POST' })).status, 200)
})

t.test('an upload of any size is sent again as long as nothing of it has left', async (t) => {
  const servicechannel = await startServiceChannel(t, { names: ['localhost', 'api.example'] })
  const nobody = process.platform === 'darwin' ? v6 : '127.0.0.2'
  let asked = 0
  const proxy = await startProxy(t, {
    environment: { ...servicechannel, apiUrl: servicechannel.apiUrl.replace('localhost', 'api.example') },
    timeouts,
    ports: {
      lookup: (name, options, callback) => {
        const address = name === 'api.example' && asked++ % 2 === 0 ? nobody : v4
        createNames({ [name]: [address] }).lookup(name, options, callback)
      }
    }
  })
  for (const size of [10, 1_000_000]) {
    const body = Buffer.alloc(size, 'x')
    t.equal((await fetch(`${proxy.url}/v3/x`, { method: 'POST', body })).status, 200)
    t.ok(servicechannel.arrivals.at(-1)?.body.equals(body), `all ${size} bytes`)
    servicechannel.api.closeAllConnections()
  }
  await until(() => proxy.records.length === 2)
  t.strictSame(
    proxy.records.map(({ attempts }) => attempts),
    [2, 2]
  )
})
