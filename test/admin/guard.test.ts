import t, { type Test } from 'tap'
import { createAdmin } from '../../src/admin/admin.js'
import { listen } from '../../src/cli/listen.js'
import { raw } from '../support/raw.js'

async function open(t: Test, options = { host: '127.0.0.1', allowedHosts: ['proxy.internal'] }) {
  const door = await listen(createAdmin({ hasStarted: () => true, obstacles: () => [] }, options), '127.0.0.1', 0)
  t.teardown(() => door.close())
  return {
    port: door.port,
    ask: (head: string, version = '1.1') =>
      raw(door.port, `GET /readiness HTTP/${version}\r\n${head}Connection: close\r\n\r\n`)
  }
}

t.test('health is told under any address and any name of this machine, as probes ask for it', async (t) => {
  const { ask, port } = await open(t)
  const hosts = ['localhost', `localhost:${port}`, 'LocalHost.', '127.0.0.1:8081', '10.42.0.17:8081', '192.168.1.5']
  for (const host of [...hosts, '[::1]:8081', '[fd00::17]:8081', '[fd00::17]', 'proxy.internal:8081', '0.0.0.0']) {
    t.match(await ask(`Host: ${host}\r\n`), /^HTTP\/1\.1 200 [\s\S]*"status":"ready"/, host)
  }
  t.match(await ask('', '1.0'), /^HTTP\/1\.1 200 /, 'HTTP/1.0 without a Host')
  const named = await open(t, { host: 'box.lan', allowedHosts: [] })
  t.match(await named.ask('Host: box.lan:8081\r\n'), /^HTTP\/1\.1 200 /, 'the name it was bound by')
})

t.test('a name that was made to point here learns nothing from the admin listener (DNS rebinding)', async (t) => {
  const { ask } = await open(t)
  const hosts = ['evil.example', '127.0.0.1.nip.io', 'localhost.evil.example', '1.2.3.4.', '127.1', '2130706433']
  const odd = ['', '[::1%25lo]', '[::1]evil.example', '10.0.0.1@evil.example', '10.0.0.1:80:80', '::1', '10.0.0.1:http']
  for (const host of [...hosts, ...odd]) {
    const answer = await ask(`Host: ${host}\r\nX-Forwarded-Host: localhost\r\n`)
    if (host === '::1') t.match(answer, /^HTTP\/1\.1 200 /, 'an address all the same')
    else t.match(answer, /^HTTP\/1\.1 403 [\s\S]*application\/problem\+json[\s\S]*"code":"host_not_allowed"/, host)
    if (host !== '::1') t.notMatch(answer, /ready/, host)
  }
})

t.test('a web page of another origin learns nothing from the admin listener', async (t) => {
  const { ask, port } = await open(t)
  const host = `Host: localhost:${port}\r\n`
  for (const header of [
    'Origin: https://evil.example',
    'Origin: null',
    'Origin: http://localhost:3000',
    `Origin: http://127.0.0.1:${port}`,
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site'
  ]) {
    const answer = await ask(`${host}${header}\r\n`)
    t.match(answer, /^HTTP\/1\.1 403 [\s\S]*x-sc-proxy-error: origin_not_allowed/i, header)
    t.notMatch(answer, /access-control|"ready"/i, header)
  }
  for (const header of [`Origin: http://localhost:${port}`, 'Sec-Fetch-Site: none', 'Sec-Fetch-Site: same-origin'])
    t.match(await ask(`${host}${header}\r\n`), /^HTTP\/1\.1 200 /, header)
})
