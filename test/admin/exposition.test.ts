import t from 'tap'
import { startApp } from '../support/app.js'

const { url, adminUrl } = await startApp(t)

t.test('the admin listener tells Prometheus what the proxy did, and nothing secret', async (t) => {
  const answer = await fetch(`${url}/v3/workorders?canary=CANARY-QUERY`, { headers: { 'x-canary': 'CANARY-HEADER' } })
  t.equal(answer.status, 200)
  await answer.arrayBuffer()
  await fetch(`${url}/v3/workorders`, { headers: { origin: 'http://elsewhere.example' } })

  const scrape = await fetch(`${adminUrl}/metrics`)
  t.equal(scrape.status, 200)
  t.match(scrape.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const text = await scrape.text()
  const has = (line: string) => t.ok(text.split('\n').includes(line), line)
  has('sc_proxy_calls_total{environment="emulator",method="GET",status="2xx",route="/v3/workorders"} 1')
  has('sc_proxy_calls_total{environment="emulator",method="GET",status="4xx",route="/v3/workorders"} 1')
  has('sc_proxy_problems_total{environment="emulator",code="origin_not_allowed"} 1')
  has('sc_proxy_logins_total{environment="emulator",grant="password",outcome="renewed"} 1')
  has('sc_proxy_queue_seconds_count{environment="emulator"} 1')
  has('sc_proxy_login_state{environment="emulator",state="valid"} 1')
  has('sc_proxy_places{environment="emulator",window="application",state="used"} 1')
  t.match(text, /^sc_proxy_client_connections\{environment="emulator"\} [1-9]/m)
  t.match(text, /^process_resident_memory_bytes \d+/m)
  for (const line of text.split('\n').filter(Boolean)) {
    if (!/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\\]*",?)*\})? [-+\d.eInfNa]+)$/.test(line)) t.fail(line)
  }
  t.notMatch(text, /CANARY|Bearer|127\.0\.0\.1/)
})

t.test('the proxied port has no /metrics of ours', async (t) => {
  const answer = await fetch(`${url}/metrics`)
  t.notOk(answer.headers.get('x-sc-proxy-error'))
  t.equal(answer.status, 404, 'the API answers')
})
