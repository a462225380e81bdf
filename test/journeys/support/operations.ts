import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Question } from './client.js'

interface Operation {
  method: string
  path: string
  /** The media type of its body; `-` when it has none. */
  media: string
  query: string[]
}

/** One operation with everything filled in: what is asked, and what the API answers. */
export interface Exchange {
  readonly name: string
  readonly question: Required<Pick<Question, 'method' | 'target'>> & { headers: string[]; body?: Buffer }
  readonly answer: { status: number; statusText: string; headers: string[]; body: Buffer }
}

/** Header by which the API knows which operation it is asked for. */
export const operationHeader = 'X-Operation'

/** All operations of the published description, in ever other legal disguises. */
export function everyOperation(): Exchange[] {
  const table = readFileSync(new URL('../../../../test/journeys/operations.tsv', import.meta.url), 'utf8')
  const rows = table.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return rows.map((row, n) => {
    const [method = '', path = '', media = '-', query = ''] = row.split('\t')
    return fill({ method, path, media, query: query.split(',').filter(Boolean) }, n)
  })
}

function fill(operation: Operation, n: number): Exchange {
  const { method } = operation
  const body = bodyOf(operation, n)
  const target = pathOf(operation, n) + queryOf(operation, n)
  const headers = [...requestHeaders(n), ...(body?.type === undefined ? [] : ['Content-Type', body.type])]
  if (body && body.bytes.length > 0 && n % 4 === 0) headers.push('Transfer-Encoding', 'chunked')
  const question = { method, target, headers, ...(body && { body: body.bytes }) }
  return { name: `${method} ${operation.path}`, question, answer: answerOf(n) }
}

/** Each legal in a path segment as it stands; a server may take some of them for each other, a proxy may not. */
const segments = [
  '100000001',
  '9007199254740993',
  '%27O%27%27Brien%20%26%20Sons%27',
  'caf%C3%A9%20%231',
  'a%2Fb',
  '%e2%82%ac',
  "!$&'()*+,;=:@~._-",
  '-1',
  'A%5CB',
  '100%25',
  '..a',
  '%2e%2E',
  'x'.repeat(700)
]

const queryValues = [
  '1',
  '',
  'a%20b',
  '%27O%27%27Brien%27',
  "'raw%20quotes'",
  '(a,b)',
  '$it',
  '%24it',
  '%c3%A9%E2%82%AC%F0%9F%94%A7',
  '1%2B1',
  '1+1',
  'a?b/c',
  ';x',
  ':@!*',
  '9007199254740993',
  '%22q%22',
  'a%26b%3Dc',
  '%5B%5D',
  '1%3A9999',
  '%00',
  '2026-05-01T00:00:00%2B02:00',
  'y'.repeat(3000)
]

const filters = [
  'Status/Primary%20eq%20%27OPEN%27%20and%20contains(Description,%27caf%C3%A9%20%26%20co%27)',
  'Id%20eq%209007199254740993',
  "(Number%20ne%20'%23%2F%3F')%20or%20Nte%20ge%20250.0"
]

function pathOf({ path }: Operation, n: number): string {
  let k = n
  return path.replaceAll(/\{[^}]*\}/g, () => segments[k++ % segments.length] ?? '').replaceAll(' ', '%20')
}

/** Every third parameter is repeated, some stand without a value, and `$` comes both raw and encoded. */
function queryOf({ query }: Operation, n: number): string {
  if (query.length === 0) return ['', '?', '?_=%20'][n % 3] ?? ''
  const parts = query.flatMap((name, i) => {
    const values = name === '$filter' ? filters : queryValues
    const key = n % 2 === 0 ? name : name.replace('$', '%24')
    const value = values[(n + i * 5) % values.length]
    const part = (n + i) % 11 === 0 ? key : `${key}=${value}`
    return i % 3 === 2 ? [part, part, `${key}=`] : [part]
  })
  return `?${parts.join('&')}${n % 7 === 0 ? '&' : ''}`
}

function bodyOf({ method, media }: Operation, n: number): { type?: string; bytes: Buffer } | undefined {
  if (media === 'application/json') return jsonBody(n)
  if (media === 'multipart/form-data') return multipartBody(n)
  if (method === 'POST' || method === 'PUT') return { bytes: Buffer.alloc(0) }
  return undefined
}

/** Valid JSON that does not survive being parsed and written again. */
function jsonBody(n: number): { type: string; bytes: Buffer } {
  const types = ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'text/json']
  const text = `${n % 5 === 0 ? '\uFEFF' : ''}{ "Id" :\t${2n ** 53n + BigInt(n * 2 + 1)} ,\r\n"Nte":250.0,"Price":1E+2 ,
    "Note":"caf\\u00e9 é \\/ 🔧\u2028", "Twice":1,"Twice":2,"Small":-0.0,"Empty":[ ],"Huge":1e400 }\n\n`
  return { type: types[n % types.length] ?? '', bytes: Buffer.from(text) }
}

/** Every fourth upload is too large to be kept for a second try. */
function multipartBody(n: number): { type: string; bytes: Buffer } {
  const boundary = `----=_Part '()+_,-./:=? ${n}`
  const bytes = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="AddAttachmentsRequest"\r\n`),
    Buffer.from('Content-Type: application/json\r\n\r\n{"Attachments":[{"Name":"Rechnung \u2116 1"}]}\r\n'),
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="é.bin"\r\n\r\n`, 'latin1'),
    randomBytes(n % 4 === 0 ? 300_000 : 5_000),
    Buffer.from(`\r\n--${boundary}--\r\n`)
  ])
  return { type: `multipart/form-data; boundary="${boundary}"`, bytes }
}

function requestHeaders(n: number): string[] {
  const headers = [operationHeader, String(n), 'User-Agent', `journeys/1.0 (operation ${n})`]
  headers.push('Accept', 'application/json;odata.metadata=none, */*;q=0.1', 'accept-ENCODING', 'gzip;q=0.5, br')
  headers.push('X-Repeat', 'one, two', 'X-Other', `${n}`, 'x-repeat', 'three', 'X-Latin', 'caf\xe9 \xa7', 'X-Empty', '')
  headers.push('If-None-Match', 'W/"a, b", "c"', 'X-Long', 'z'.repeat((n * 37) % 6000))
  if (n % 3 === 0) headers.push('X-Request-Id', `journey-${n}`)
  return headers
}

/** Business answers all: some are what another API would have meant as a reason to try again. */
const statuses = [200, 201, 204, 400, 404, 406, 409, 500, 502, 503, 504]
const types = [
  'application/json; charset=utf-8',
  'application/octet-stream',
  'text/plain; charset=iso-8859-1',
  'text/xml'
]
const sizes = [400, 0, 1, 18_000, 70_000]

function answerOf(n: number): Exchange['answer'] {
  const status = statuses[n % statuses.length] ?? 200
  const body = status === 204 ? Buffer.alloc(0) : randomBytes(sizes[n % sizes.length] ?? 0)
  const headers = ['Content-Type', types[n % types.length] ?? '', 'X-Answer', String(n), 'X-Repeat', 'a, b']
  headers.push('Server', 'Microsoft-IIS/10.0', 'x-repeat', 'c', 'ETag', 'W/"caf\xe9"', 'X-Empty', '')
  headers.push('WWW-Authenticate', 'Negotiate, Basic realm="a, b"', 'Warning', '199 - "odd, but legal"')
  headers.push('Cache-Control', 'no-store', 'Date', 'Tue, 05 May 2026 10:00:00 GMT', 'Expires', '-1')
  if (status !== 204 && n % 2 === 0) headers.push('Content-Length', String(body.length))
  return { status, statusText: `Answer ${n}`, headers, body }
}
