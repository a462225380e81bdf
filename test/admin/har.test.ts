import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import t from 'tap'
import { json } from '../support/servicechannel.js'
import { until } from '../support/until.js'
import { type Detail, startInspected } from './inspected.js'

const require = createRequire(import.meta.url)

interface Archive {
  log: { entries: Entry[] }
}

interface Entry {
  startedDateTime: string
  time: number
  request: { url: string; queryString: object[]; postData?: { text: string } }
  response: { status: number; redirectURL: string; content: object }
  timings: Record<string, number>
  comment: string
  _environment: string
}

/** The JSON Schema of HAR 1.2, by others. It is of draft 6, whose keywords mean the same in draft 7. */
function harErrors(archive: unknown): string[] {
  const schemas = Object.values(require('har-schema') as Record<string, Record<string, unknown>>)
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'date-time': isDateTime, uri: URL.canParse } })
  for (const { $schema, ...schema } of schemas) ajv.addSchema(schema)
  const validate = ajv.getSchema('har.json#')
  if (!validate) throw new Error('the schema is not there')
  validate(archive)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const isDateTime = (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)

t.test('the archive of all calls is HAR 1.2 by the schema of others', async (t) => {
  const { url, get, ask } = await startInspected(t, {
    answer(request, response) {
      if (request.url?.startsWith('/moved')) response.writeHead(302, { location: '/elsewhere' }).end()
      else if (request.url === '/noise') response.writeHead(200).end(Buffer.from([0, 255, 1, 254]))
      else json(response, 401, { ErrorCode: 504 })
    }
  })
  await (await fetch(`${url}/moved?a=1&b=%2F`, { redirect: 'manual' })).text()
  await (await fetch(`${url}/noise`, { method: 'POST', body: new Uint8Array([0, 128, 255]) })).arrayBuffer()
  await (
    await fetch(`${url}/v3/a`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'caf\u00e9' })
  ).text()
  await (await fetch(`${url}/v3/a`, { headers: { origin: 'http://evil.example' } })).text()
  await until(async () => (await get<{ calls: Detail[] }>('/api/calls')).calls.every(({ isOpen }) => !isOpen))

  const answer = await ask('/api/har')
  t.match(answer.headers.get('content-disposition'), /attachment; filename="sc-proxy.har"/)
  const archive = (await answer.json()) as Archive
  t.strictSame(harErrors(archive), [])
  t.strictSame(
    harErrors({ log: { ...archive.log, version: undefined, entries: [{ ...archive.log.entries[0], time: 'long' }] } })
      .length > 0,
    true,
    'the schema would have found a fault'
  )
  const [moved, noise, put, refused] = archive.log.entries
  t.match(moved?.request, { url: /^http:\/\/localhost:\d+\/moved\?a=1&b=%2F$/ })
  t.strictSame(moved?.request.queryString, [
    { name: 'a', value: '1' },
    { name: 'b', value: '/' }
  ])
  t.equal(moved?.response.redirectURL, '/elsewhere')
  t.match(noise?.response.content, { encoding: 'base64', text: 'AP8B/g==', size: 4 })
  t.match(noise?.request.postData?.text, '\0\x80\xff')
  t.equal(put?.request.postData?.text, 'caf\u00e9')
  t.match(put?.comment, /401 to a fresh token: a permission is missing/)
  t.match(refused, { response: { status: 403 }, comment: 'origin_not_allowed', _environment: 'mine' })
  for (const { time, timings } of archive.log.entries) {
    const sum = Object.values(timings).reduce((all, ms) => all + Math.max(0, ms), 0)
    t.ok(Math.abs(sum - time) < 0.001, 'the parts of the time are the whole')
  }
})

t.test('the archive of some calls holds those', async (t) => {
  const { url, ask } = await startInspected(t)
  for (const path of ['/a', '/b', '/c']) await (await fetch(`${url}${path}`)).text()
  const { log } = (await (await ask('/api/har?ids=1,3')).json()) as Archive
  t.strictSame(
    log.entries.map(({ request }) => new URL(request.url).pathname),
    ['/a', '/c']
  )
  t.equal((await ask('/api/har?ids=1,99')).status, 404)
})
