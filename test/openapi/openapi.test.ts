import t from 'tap'
import type { Document } from '../../src/openapi/document.js'
import { type Operation, operationsOf } from '../../src/openapi/operations.js'
import { pointAt } from '../../src/openapi/point-at.js'
import { readDocument } from '../../src/openapi/read.js'
import { swagger } from './swagger.js'

const listener = { origin: 'http://localhost:8080', description: 'sandbox2', wantsClientKey: false }
const find = (operations: Operation[], method: string, path: string) =>
  operations.find((operation) => operation.method === method && operation.path === path)

t.test('a path in the host of Swagger 2.0 becomes the base path, before the one there is', async (t) => {
  t.match(pointAt(swagger, listener), { host: 'localhost:8080', schemes: ['http'], basePath: '/v3' })
  for (const [host, basePath, expected] of [
    ['api.example.com/v3/', '/more/', '/v3/more'],
    ['api.example.com', '/v3', '/v3'],
    ['api.example.com', undefined, '/'],
    [undefined, undefined, '/']
  ]) {
    t.equal(pointAt({ ...swagger, host, basePath }, listener).basePath, expected)
  }
})

t.test('the servers of OpenAPI 3 become the listener, wherever they stand, and keep their path', async (t) => {
  const of = (servers: unknown): Document => ({
    openapi: '3.1.0',
    servers,
    paths: { '/a': { servers, get: { servers, responses: {} } } }
  })
  for (const [servers, url] of [
    [[{ url: 'https://api.example.com/v3' }, { url: 'https://other.example.com' }], 'http://localhost:8080/v3'],
    [[{ url: '//{name}.example.com/{v}/', variables: { v: { default: 'v3' } } }], 'http://localhost:8080/v3'],
    [[{ url: '/v3?x=1' }], 'http://localhost:8080/v3'],
    [undefined, 'http://localhost:8080']
  ] as const) {
    const pointed = pointAt(of(servers), listener)
    t.strictSame(pointed.servers, [{ url, description: 'sandbox2' }])
    t.notMatch(JSON.stringify(pointed), 'example.com')
  }
})

t.test('there is nothing to log in with, except for the key of a listener that wants one', async (t) => {
  const { paths, ...rest } = pointAt(swagger, listener)
  t.notMatch(JSON.stringify(paths), /"security|"in":"header"|#\/parameters\/Auth/)
  t.notMatch(Object.keys(rest).join(), /security/)
  t.match(pointAt(swagger, { ...listener, wantsClientKey: true }), {
    security: [{ clientKey: [] }],
    securityDefinitions: { clientKey: { type: 'apiKey', in: 'header', name: 'x-sc-proxy-key' } }
  })
  const three = {
    openapi: '3.0.3',
    security: [{ a: [] }],
    components: { securitySchemes: { a: {} }, schemas: { A: { type: 'object' } } },
    paths: { '/a': { get: { security: [{ a: [] }], responses: {} } } }
  }
  t.notMatch(JSON.stringify(pointAt(three, listener)), 'security')
  t.match(pointAt(three, listener), { components: { schemas: { A: { type: 'object' } } } })
  t.match(pointAt(three, { ...listener, wantsClientKey: true }), {
    security: [{ clientKey: [] }],
    components: { securitySchemes: { clientKey: { name: 'x-sc-proxy-key' } } }
  })
})

t.test('every operation of Swagger 2.0 is found, with its group and everything filled in', async (t) => {
  const operations = operationsOf(swagger)
  t.equal(operations.length, 4)
  t.notMatch(JSON.stringify(operations), /CANARY|uthorization/)
  t.match(find(operations, 'GET', '/v3/workorders/{id}'), {
    group: 'Work orders',
    name: 'Read <b>one</b>',
    inPath: [{ name: 'id', value: '270000001' }],
    inQuery: [{ name: 'expand', value: '', isRequired: false }],
    inHeader: []
  })
  t.match(find(operations, 'GET', '/v3/odata/workorders({id})/notes'), {
    group: 'workorders',
    name: '/v3/odata/workorders({id})/notes',
    inQuery: [{ name: '$top', value: '1', isRequired: true }]
  })
  t.match(find(operations, 'POST', '/v3/attachments')?.body, {
    kind: 'form',
    type: 'multipart/form-data',
    fields: [
      { name: 'file', isFile: true, isRequired: true },
      { name: 'note', isFile: false }
    ]
  })
})

t.test('an example body holds what a request may, however the schemas refer to each other', async (t) => {
  const body = find(operationsOf(swagger), 'PUT', '/v3/workorders/{id}')?.body
  if (body?.kind !== 'text') return t.fail('there is a body')
  t.equal(body.type, 'application/json')
  t.strictSame(JSON.parse(body.text), {
    Number: 'A-1',
    CallDate: '2026-01-31T12:00:00Z',
    Status: 'OPEN',
    Labels: [''],
    Password: ''
  })
})

t.test('an address is followed as far as it is safe, and told without its secrets', async (t) => {
  const asked: string[] = []
  const web: Record<string, Response> = {
    'https://a.example/spec?key=CANARY': new Response(null, { status: 302, headers: { location: '/moved' } }),
    'https://a.example/moved': Response.json({ openapi: '3.0.0', paths: { '/a': {} } }),
    'https://a.example/plain?key=CANARY': new Response(null, {
      status: 302,
      headers: { location: 'http://a.example/' }
    }),
    'https://a.example/gone?key=CANARY': new Response('no', { status: 404 }),
    'https://a.example/page?key=CANARY': new Response('<html>')
  }
  const ports = {
    readFile: () => Promise.reject(new Error('no file is read')),
    async fetch(url: string) {
      asked.push(url)
      const answer = web[url]
      if (!answer) throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
      return answer
    }
  }
  t.match(await readDocument('https://a.example/spec?key=CANARY', ports), { openapi: '3.0.0' })
  for (const [path, sentence] of [
    ['plain', 'https://a.example/plain leads to http://a.example, which is not followed'],
    ['gone', 'https://a.example/gone cannot be fetched: the answer is 404'],
    ['page', 'https://a.example/page is not JSON; a description in YAML has to be converted first'],
    ['none', 'https://a.example/none cannot be fetched: connect ECONNREFUSED']
  ] as const) {
    await t.rejects(readDocument(`https://a.example/${path}?key=CANARY`, ports), { message: sentence })
  }
  t.notOk(asked.some((url) => url.startsWith('http:')))
})
