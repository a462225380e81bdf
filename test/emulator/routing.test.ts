import { request } from 'node:https'
import t from 'tap'
import { visit } from './visitor.js'

const { emulator, logIn, caller } = await visit(t, { login: { spacingSeconds: 0 } })
const call = await caller()
const token = (await logIn()).json().access_token

t.test('paths work in any case, with doubled slashes and without a version', async (t) => {
  for (const path of ['/v3/trades', '/trades', '/V3/Trades', '/v3//trades']) {
    t.equal((await call(path)).status, 200, path)
  }
})

t.test('an unknown address is the 404 of Web API, without an envelope', async (t) => {
  const answer = await call('/v3/nothing?x=1')
  t.equal(answer.status, 404)
  t.match(answer.json(), {
    Message: /^No HTTP resource was found that matches the request URI 'http:.*\/v3\/nothing\?x=1'\.$/
  })
})

t.test('a verb or version a route lacks is UnsupportedApiVersion', async (t) => {
  const verb = await call('/v3/workorders/270000001/attachments')
  t.equal(verb.status, 405)
  t.equal(verb.headers.allow, 'POST')
  t.match(verb.json(), { Error: { Code: 'UnsupportedApiVersion', Message: String, InnerError: { Message: String } } })
  t.match(await call('/v3/trades', { method: 'OPTIONS' }), { status: 405, headers: { allow: 'GET, HEAD' } })
  for (const path of ['/v4/trades', '/v1/workorders/270000001']) {
    t.match(await call(path), { status: 400, text: /"Code":"UnsupportedApiVersion"/ }, path)
  }
  t.equal((await call('/v4/nothing')).status, 404)
})

t.test('HEAD is GET without a body', async (t) => {
  const answer = await call('/v3/trades', { method: 'HEAD' })
  t.match(answer, { status: 200, text: '' })
  t.ok(Number(answer.headers['content-length']) > 0)
})

t.test('a body on GET is ignored, and a POST that states no length is 411', async (t) => {
  const raw = (method: string, path: string, head: Record<string, string>, body = '') =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, ...head }
      const sent = request(
        `${emulator.apiUrl}${path}`,
        { method, ca: emulator.ca, headers, agent: false },
        (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode))
        }
      )
      sent.on('error', reject)
      sent.useChunkedEncodingByDefault = false
      sent.end(body)
    })
  t.equal(await raw('GET', '/v3/trades', { 'content-length': '5' }, '{"a":'), 200)
  t.equal(await raw('POST', '/v3/workorders/270000001/universalCheckIn', {}), 411)
  t.equal(await raw('POST', '/v3/workorders/270000001/universalCheckIn', { 'content-length': '0' }), 200)
})
