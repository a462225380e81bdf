import { execFileSync } from 'node:child_process'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'

interface Snippets {
  snippets: Record<string, (call: unknown, base: string) => string>
}

interface Pretty {
  prettyJson(text: string): [string, string?][] | undefined
  hexDump(bytes: Uint8Array): string
}

const page = (file: string) => import(new URL(`../../../src/admin/page/${file}`, import.meta.url).href)
const { snippets } = (await page('snippets.js')) as Snippets
const { prettyJson, hexDump } = (await page('pretty.js')) as Pretty

const call = (method: string, target: string, headers: [string, string][], text = '') => ({
  method,
  target,
  request: {
    headers: headers.map(([name, value]) => ({ name, value })),
    body: { size: Buffer.byteLength(text), text, clipped: false }
  }
})

const awkward = `it's "quoted" $HOME \`date\` %PATH% \\ caf\u00e9\nsecond line`

t.test('a call copied as curl is the same call when it is pasted into a shell', async (t) => {
  const arrivals: { method?: string; url?: string; headers: http.IncomingHttpHeaders; body: string }[] = []
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method, url, headers } = request
    arrivals.push({ method: method ?? '', url: url ?? '', headers, body: Buffer.concat(chunks).toString() })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { promisify } = await import('node:util')
  const { execFile } = await import('node:child_process')
  const shell = (line: string) => promisify(execFile)('sh', ['-c', `${line} --silent --noproxy '*'`])

  try {
    execFileSync('curl', ['--version'])
  } catch {
    return t.pass('', { skip: 'NOT PROVED: there is no curl' })
  }
  const headers: [string, string][] = [
    ['Content-Type', 'text/plain'],
    ['X-Odd', "o'clock"],
    ['X-Empty', ''],
    ['authorization', '[hidden]']
  ]
  const calls = [
    call('POST', '/v3/a', headers, awkward),
    call('POST', '/v3/a', [], '@/etc/hostname'),
    call('GET', "/v3/odata/workorders(1)/a/../b?$filter=Name eq 'x'&x={1,2}[3-4]".replaceAll(' ', '%20'), []),
    call('DELETE', '/v3/a', []),
    call('PATCH', '/v3/a', [['content-type', 'application/json']], '{"a":1}'),
    call('HEAD', '/v3/a', [])
  ]
  for (const one of calls) await shell(snippets.curl!(one, base))
  t.equal(arrivals.length, calls.length)
  for (const [i, { method, target, request }] of calls.entries()) {
    t.match(arrivals[i], { method, body: request.body.text })
    t.equal(arrivals[i]?.url, target)
  }
  t.match(arrivals[0]?.headers, { 'x-odd': "o'clock", 'x-empty': '', 'content-type': 'text/plain' })
  t.equal(arrivals[0]?.headers.authorization, undefined)
  t.equal(arrivals[1]?.headers['content-type'], undefined)
})

t.test('a call copied as fetch is the same call when it runs', async (t) => {
  const code = snippets.fetch!(
    call('POST', '/v3/a?x=1', [['content-type', 'text/plain']], awkward),
    'http://localhost:8080'
  )
  const asked: unknown[] = []
  await new Function('fetch', `return (async () => { ${code} })()`)((...facts: unknown[]) => void asked.push(...facts))
  t.strictSame(asked, [
    'http://localhost:8080/v3/a?x=1',
    { method: 'POST', headers: [['content-type', 'text/plain']], body: awkward }
  ])
})

t.test('a call copied for PowerShell doubles every kind of single quote', async (t) => {
  const body = "it\u2019s \u201asaid\u2018, isn't it"
  const code = snippets.PowerShell!(call('PUT', '/v3/a', [['X-A', "b'c"]], body), 'http://localhost:8080')
  t.match(code, "Invoke-RestMethod -Method PUT -Uri 'http://localhost:8080/v3/a'")
  t.match(code, "-Headers @{ 'X-A' = 'b''c' }")
  t.match(code, "GetBytes('it\u2019\u2019s \u201a\u201asaid\u2018\u2018, isn''t it')")
})

t.test('a call copied as HTTP file has its headers and body', async (t) => {
  const text = snippets['HTTP file']!(
    call('POST', '/v3/a', [['content-type', 'text/plain']], 'hello'),
    'http://localhost:8080'
  )
  t.equal(text, 'POST http://localhost:8080/v3/a\ncontent-type: text/plain\n\nhello\n')
})

t.test('a copy that cannot be the same call says so', async (t) => {
  const clipped = call('POST', '/v3/a', [], 'x')
  clipped.request.body.clipped = true
  t.match(snippets.curl!(clipped, ''), /^# the body is longer than what was recorded\n/)
  t.match(snippets.curl!(call('POST', '/v3/a?token=[hidden]', [], ''), ''), /^# values shown as \[hidden\]/)
})

t.test('JSON is indented without being changed', async (t) => {
  const text = '{"id":9007199254740993,"nte":250.0,"a":[],"b":{},"c":[1,-2e5,true,null],"s":"a\\"b{,:"}'
  const pieces = prettyJson(text) ?? []
  const pretty = pieces.map(([piece]) => piece).join('')
  t.equal(pretty.replace(/\n\s*/g, '').replaceAll('": ', '":'), text)
  t.match(pretty, '{\n  "id": 9007199254740993,\n  "nte": 250.0,\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    -2e5,')
  t.strictSame(
    pieces.filter(([, kind]) => kind === 'name').map(([piece]) => piece),
    ['"id"', '"nte"', '"a"', '"b"', '"c"', '"s"']
  )
})

t.test('JSON that was clipped is indented as far as it goes, and what is none is left alone', async (t) => {
  for (const text of ['{"a":[1,{"b":"cut of', '{"a":tr', '[1,2,', '{"a"'])
    t.equal(
      prettyJson(text)
        ?.map(([piece]) => piece)
        .join('')
        .replace(/\s/g, ''),
      text.replace(/\s/g, ''),
      text
    )
  for (const text of ['hello', '<a/>', '{a:1}', '[object Object]', '']) t.equal(prettyJson(text), undefined, text)
})

t.test('bytes are shown as offset, hexadecimal and letters', async (t) => {
  t.equal(hexDump(new Uint8Array([0, 65, 255])), `000000  ${'00 41 ff'.padEnd(47)}  .A.`)
})
