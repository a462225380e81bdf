import http from 'node:http'
import t from 'tap'
import { createActivity } from '../../src/admin/activity.js'
import { json } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { type Detail, startInspected, token } from './inspected.js'

/** The status of an answer to a request whose every header is given. */
function statusOf(base: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const request = http.request({ host: hostname, port, path, method, headers, agent: false }, (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    request.once('error', reject).end()
  })
}

t.test('no way out of the inspector leads a secret out, however it came', async (t) => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${'CANARY'.repeat(4)}.abcdef`
  const { url, ask, admin, log } = await startInspected(t, {
    answer(request, response) {
      // A server that says back all it was told, and more.
      const echo = { headers: request.headers, refresh_token: 'CANARY-refresh', nested: '{"password":"CANARY-nested"}' }
      json(
        response,
        200,
        { ...echo, plain: 'CANARY-client-secret', jwt, link: 'https://x.example/a?sig=CANARY-sig&b=1' },
        { 'set-cookie': 'session=CANARY-cookie', 'x-auth-token': 'CANARY-header', location: '/a?token=CANARY-location' }
      )
    }
  })
  const stream = await fetch(`${admin}/api/events`)
  let heard = ''
  void (async () => {
    for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk as Uint8Array)
  })().catch(() => {})
  const headers = {
    ...{ authorization: 'Bearer CANARY-9-bearer', cookie: 'a=CANARY-cookie', 'x-api-key': 'CANARY-key' },
    ...{ 'user-agent': 'CANARY-client-secret/1.0', 'x-innocent': 'CANARY-client-secret' }
  }
  const bodies: [string, string][] = [
    ['application/json', '{"Password": "CANARY \\" quoted", "client_secret":"CANARY-json", "access_token": 12345}'],
    ['application/x-www-form-urlencoded', 'username=a&password=CANARY-form%21&grant_type=password'],
    ['text/xml', '<a><Password>CANARY-xml</Password></a>'],
    ['text/plain', 'CANARY-pass!word in a sentence, CANARY-pass%21word in a query'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nCANARY-part\r\n--x--'
    ]
  ]
  for (const [type, body] of bodies) {
    await (
      await fetch(`${url}/v3/CANARY-client-secret?access_token=CANARY-query&keep=this`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body
      })
    ).text()
  }
  const login = new URLSearchParams({ client_secret: 'CANARY-login', whatever: 'CANARY-whatever' })
  await (await fetch(`${url}/OAuth//%74oken`, { method: 'POST', body: login })).text()
  await (await fetch(`${url}/v3/%`)).text()

  const all = await (await ask('/api/har')).text()
  t.equal(JSON.parse(all).log.entries.length, bodies.length + 2)
  t.notMatch(all, /CANARY/)
  t.notMatch(all, /12345|token-1\b/)
  t.match(all, /keep=this/)
  t.match(all, /not kept: it belongs to a login/)
  for (let id = 1; id <= bodies.length + 1; id++) t.notMatch(await (await ask(`/api/calls/${id}`)).text(), /CANARY/)
  t.match(all, '"name":"authorization","value":"[hidden]"', 'that there was something is told')

  const replays = await Promise.all([1, 2, 3].map((id) => ask(`/api/calls/${id}/replay`, { method: 'POST' })))
  t.strictSame(
    replays.map(({ status }) => status),
    [409, 409, 409]
  )
  const told = await Promise.all([
    ...replays.map((answer) => answer.text()),
    ...['/api/calls', '/api/quota', '/api/session', '/status', '/metrics'].map(async (path) => (await ask(path)).text())
  ])
  for (const secret of ['CANARY-client-secret', 'CANARY-query', 'CANARY-json', 'CANARY-refresh'])
    t.match(await (await ask(`/api/calls?text=${secret}`)).json(), { calls: [] }, 'nor is it told that one is there')
  await until(() => heard.includes(`"id":${bodies.length + 2},`))
  t.notMatch(heard, /CANARY/)
  t.notMatch(told.join(), /CANARY/)
  t.match(told.join(), '"client":"[hidden]"')
  // What is left of it there is the path, which the log has always told.
  t.notMatch(log.join().replaceAll('/v3/CANARY-client-secret', ''), /CANARY/)
  await ask('/api/clear', { method: 'POST' })
  t.match(await (await ask('/api/calls')).json(), { recording: { calls: 0, bytes: 0 }, calls: [] })
})

t.test('a secret that is cut off where a body is clipped leaves nothing behind', async (t) => {
  const { url, get } = await startInspected(t, { inspector: { maxBodyKilobytes: 1 } })
  for (const beginning of ['CANARY-client-sec', '{"password":"not-known-but-nam', '<Password>not-known-but-nam']) {
    const body = `${'x'.repeat(1024 - beginning.length)}${beginning}ret and more`
    await (await fetch(`${url}/v3/a`, { method: 'POST', body })).text()
  }
  for (const id of [1, 2, 3]) {
    const { text } = (await get<Detail>(`/api/calls/${id}`)).request.body
    t.match(text, /^x{900}/)
    t.notMatch(text, /CANARY|not-known/)
  }
})

t.test('bodies and changes are for those who have the token', async (t) => {
  const { url, admin } = await startInspected(t)
  await (await fetch(`${url}/v3/a`)).text()
  const guarded = [
    'GET /api/calls/1',
    'GET /api/har',
    'GET /api/calls?text=a',
    'POST /api/calls/1/replay',
    'POST /api/clear',
    'POST /api/recording'
  ]
  for (const line of guarded) {
    const [method = '', path = ''] = line.split(' ')
    for (const authorization of [undefined, 'Bearer wrong', `Basic ${token}`, token]) {
      const answer = await fetch(`${admin}${path}`, { method, headers: { ...(authorization && { authorization }) } })
      t.equal(answer.status, 401, `${line} with ${authorization}`)
    }
  }
  for (const path of ['/', '/api/calls', '/api/quota', '/api/session', '/readiness']) {
    t.equal((await fetch(`${admin}${path}`)).status, 200, `${path} without`)
  }
})

t.test('web pages of other origins and foreign host names are refused everywhere', async (t) => {
  const { admin } = await startInspected(t)
  const { host } = new URL(admin)
  const authorization = `Bearer ${token}`
  for (const path of [
    '/',
    '/page/inspector.js',
    '/api/calls',
    '/api/calls/1',
    '/api/har',
    '/api/quota',
    '/api/session',
    '/api/events'
  ]) {
    const visitors: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `evil.example:${host.split(':')[1]}` },
      { host, origin: 'http://evil.example' },
      { host, origin: 'null' },
      { host, origin: 'http://localhost:1' },
      { host, 'sec-fetch-site': 'cross-site' },
      { host, 'sec-fetch-site': 'same-site' }
    ]
    for (const strange of visitors) {
      t.equal(await statusOf(admin, path, { authorization, ...strange }), 403, `${path} ${JSON.stringify(strange)}`)
    }
  }
  t.equal(await statusOf(admin, '/api/quota', { host, origin: `http://${host}` }), 200)
})

t.test('the page comes with a strict policy and an entity tag', async (t) => {
  const { admin } = await startInspected(t)
  const page = await fetch(`${admin}/`)
  const policy = page.headers.get('content-security-policy') ?? ''
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'"
  ])
    t.match(policy, part)
  t.notMatch(policy, /unsafe/)
  const html = await page.text()
  t.notMatch(html, /<script(?![^>]*src=)|style="|\son\w+=/, 'nothing in it needs an exception')
  const etag = page.headers.get('etag') ?? ''
  t.equal((await fetch(`${admin}/`, { headers: { 'if-none-match': etag } })).status, 304)
})

t.test('quota and session tell what a status page needs, without secrets', async (t) => {
  const { url, get, admin } = await startInspected(t, { quota: { calls: 40, windowSeconds: 60 } })
  await (await fetch(`${url}/v3/a`, { headers: { 'user-agent': 'robin/1' } })).text()
  await until(async () => (await get<{ calls: Detail[] }>('/api/calls')).calls[0]?.isOpen === false)
  t.match(await get('/api/quota'), {
    environments: [
      {
        environment: 'mine',
        application: { limit: 40, configured: 40, used: 1, free: 39, windowMs: 60_000 },
        waiting: 0,
        oldestWaitMs: 0,
        nextPlaceInMs: 0,
        restingForMs: 0,
        clients: [{ client: 'robin', calls: 1 }]
      }
    ]
  })
  const session = await get('/api/session')
  t.match(session, {
    listeners: [{ environment: 'mine', access: 'read-write', url: url.replace('127.0.0.1', 'localhost') }],
    environments: [{ environment: 'mine', token: { state: 'valid' }, upstream: { state: 'answering' } }]
  })
  t.notMatch(JSON.stringify(session), /CANARY|token-1/)
  t.equal((await fetch(`${admin}/api/calls/99`, { headers: { authorization: `Bearer ${token}` } })).status, 404)
})

t.test('the stream tells calls as they come and the state at once', async (t) => {
  const { url, admin } = await startInspected(t)
  const leaving = new AbortController()
  t.teardown(() => leaving.abort())
  const stream = await fetch(`${admin}/api/events`, { signal: leaving.signal })
  t.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  let heard = ''
  const listening = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of stream.body ?? []) heard += decoder.decode(chunk as Uint8Array, { stream: true })
  })().catch(() => {})
  await until(() => /event: quota\ndata: /.test(heard) && /event: session\n/.test(heard))
  await (await fetch(`${url}/v3/a`)).text()
  await until(() => /event: calls\ndata: \[\{"id":1,.*"isOpen":false/.test(heard))
  leaving.abort()
  await listening
})

t.test('the last ten minutes are kept in pieces, and who called in the last one', async (t) => {
  let now = 1_000_000_000
  const activity = createActivity(
    (agent) => agent.split('/', 1)[0] ?? '',
    () => now
  )
  const record = {
    id: 'a',
    startedAt: now,
    environment: 'mine',
    method: 'GET',
    path: '/',
    status: 200,
    problem: undefined,
    queueMs: 50,
    tokenMs: 0,
    upstreamMs: 1,
    totalMs: 2,
    attempts: 1,
    ahead: 0,
    notes: []
  }
  activity.note(record, 'a/1')
  now += 120_000
  activity.note({ ...record, status: 502, problem: 'upstream_dropped', queueMs: 10 }, 'b')
  activity.note({ ...record, queueMs: 30, attempts: 0 }, 'c')
  t.strictSame(activity.history('mine'), [
    { at: 1_000_000_000, calls: 1, failed: 0, longestWaitMs: 50 },
    { at: 1_000_120_000, calls: 2, failed: 1, longestWaitMs: 30 }
  ])
  t.strictSame(activity.clients('mine'), [{ client: 'b', calls: 1 }])
  t.match(activity.upstream('mine'), { state: 'failing', lastFailure: 'upstream_dropped' })
  activity.note(record, 'b/2')
  activity.note(record, 'x'.repeat(1001))
  for (let i = 0; i < 60; i++) activity.note(record, `c/${i}`)
  t.strictSame(
    activity.clients('mine'),
    [
      { client: 'c', calls: 48 },
      { client: 'others', calls: 13 },
      { client: 'b', calls: 2 }
    ],
    'one program is one client in all its versions, and too many are others'
  )
  now += 500_000
  t.equal(activity.history('mine').length, 1)
})
