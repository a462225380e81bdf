import t from 'tap'
import { banner, type OpenListener } from '../../src/cli/banner.js'

const listener: OpenListener = {
  environment: 'sandbox2',
  access: 'read-write',
  port: 8080,
  addresses: ['127.0.0.1:8080', '[::1]:8080'],
  apiUrl: 'https://api.example',
  quota: { calls: 40, windowSeconds: 60 },
  wantsClientKey: false
}

t.test('the address to call is one the listener has', async (t) => {
  for (const [addresses, url] of [
    [['127.0.0.1:8080', '[::1]:8080'], 'http://localhost:8080'],
    [['[::1]:8080'], 'http://localhost:8080'],
    [['0.0.0.0:8080'], 'http://localhost:8080'],
    [['[::]:8080'], 'http://localhost:8080'],
    [['192.0.2.5:8080'], 'http://192.0.2.5:8080'],
    [['127.0.0.2:8080'], 'http://127.0.0.2:8080']
  ] as const) {
    const text = banner([{ ...listener, addresses }], undefined)
    t.match(text, `  ${url}   sandbox2, read-write, 40 calls per 60 s\n`)
    t.match(text, `      curl ${url}/v3/workorders\n`)
  }
})

t.test('the next line to type shows the client key where one is wanted', async (t) => {
  const text = banner([{ ...listener, wantsClientKey: true }], undefined)
  t.match(text, "      curl http://localhost:8080/v3/workorders -H 'x-sc-proxy-key: …'\n")
})

t.test('production is shouted, and the emulator says how to go on', async (t) => {
  t.match(banner([{ ...listener, environment: 'production' }], undefined), /\*\*\* PRODUCTION/)
  t.match(banner([{ ...listener, environment: 'emulator' }], undefined), /SC_PROXY_CLIENT_ID/)
  t.notMatch(banner([listener, { ...listener, environment: 'emulator' }], undefined), /SC_PROXY_CLIENT_ID/)
})

t.test('the inspector is shown with its token, where there is one', async (t) => {
  const text = banner([listener], 'http://localhost:8081/#token=invented')
  t.match(text, '  http://localhost:8081/#token=invented   inspector\n')
  t.notMatch(banner([listener], undefined), /inspector/)
})
