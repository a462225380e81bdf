import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { type Answer, createClient } from './support/client.js'
import { type Exchange, everyOperation, operationHeader } from './support/operations.js'
import { environmentOf, startProxy } from './support/proxy.js'
import { type ApiCall, startServiceChannel } from './support/servicechannel.js'

t.setTimeout(180_000)

const exchanges = everyOperation()
const arrived = new Map<number, ApiCall>()
const answers = new Map<number, Answer>()

const service = await startServiceChannel(t, {
  answer(call, response) {
    const n = Number(valuesOf(call.headers, operationHeader)[0])
    arrived.set(n, call)
    const { status, statusText, headers, body } = exchanges[n]!.answer
    response.writeHead(status, statusText, [...headers, 'Set-Cookie', 'sc_auth=1', 'Connection', 'X-Hop', 'X-Hop', '1'])
    response.end(body)
  }
})
const proxy = await startProxy(t, { environments: { mine: environmentOf(service) } })
const ask = createClient(t, proxy.port)

const notOfTheClient = [
  'Authorization',
  'Bearer stale',
  'Cookie',
  'session=1',
  'Connection',
  'keep-alive, X-Hop',
  'X-Hop',
  '1'
]
const left = [...exchanges.entries()]
await Promise.all(
  Array.from({ length: 12 }, async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [n, { question }] = next
      answers.set(n, await ask({ ...question, headers: [...question.headers, ...notOfTheClient] }))
    }
  })
)

t.equal(exchanges.length, 742, 'there are 742 operations')
t.equal(service.calls.length, 742, 'each arrived once: nothing was sent again on a 5xx')

every('the method arrives', (exchange, call) => [call.method, exchange.question.method])
every('the target arrives byte for byte', (exchange, call) => [call.target, exchange.question.target])
every('the body arrives byte for byte', ({ question: { body } }, call) => [call.body, body ?? Buffer.alloc(0)])
every('a POST or PUT without a body says so', ({ question: { body } }, call) => [
  body?.length === 0 ? valuesOf(call.headers, 'content-length') : ['0'],
  ['0']
])
every('the headers arrive in their order, letters and repetitions', ({ question: { target, headers } }, call) => {
  const links = /^\/v3\/odata\//.test(target) ? ['accept-encoding'] : []
  const hop = ['host', 'connection', 'authorization', 'content-length', 'transfer-encoding', ...links]
  return [without(call.headers, hop), without(headers, hop)]
})
every('with one token, which is ours, and the host of the API', (_exchange, call) => [
  [call.token, valuesOf(call.headers, 'authorization').length, valuesOf(call.headers, 'host')],
  ['valid', 1, [new URL(service.apiUrl).host]]
])

every('the status comes back with its reason', ({ answer }, _call, { status, statusText }) => [
  [status, statusText],
  [answer.status, answer.statusText]
])
every('the body of the answer comes back byte for byte', ({ answer }, _call, { body }) => [body, answer.body])
every('the headers come back in their order, letters and repetitions', (exchange, _call, { rawHeaders }) => {
  const hop = ['connection', 'keep-alive', 'transfer-encoding', 'content-length']
  const added = ['x-request-id', 'x-sc-proxy-environment', 'server-timing']
  return [without(rawHeaders, [...hop, ...added]), without(exchange.answer.headers, hop)]
})
every('a stated length comes back where no link can be in the body', ({ question, answer }, _call, { rawHeaders }) => {
  const mayHaveLinks = /^\/v3\/odata\//.test(question.target) && /json/.test(answer.headers[1] ?? '')
  return [
    valuesOf(mayHaveLinks ? answer.headers : rawHeaders, 'content-length'),
    valuesOf(answer.headers, 'content-length')
  ]
})
every('every answer says where it came from and what took how long', (_exchange, _call, { headers }) => [
  [
    headers['x-sc-proxy-environment'],
    'x-sc-proxy-error' in headers,
    `${headers['server-timing']}`.match(/\w+(?=;dur=)/g)
  ],
  ['mine', false, ['queue', 'token', 'upstream']]
])
every('and has a request id, the one of the client if there is one', ({ question }, _call, { headers }) => {
  const [own] = valuesOf(question.headers, 'x-request-id')
  return [headers['x-request-id'], own ?? (/^[\w-]{8,}$/.exec(`${headers['x-request-id']}`)?.[0] as string)]
})

/** One assertion over all operations, which shows the first few that differ. */
function every(name: string, compare: (exchange: Exchange, call: ApiCall, answer: Answer) => [unknown, unknown]): void {
  const differences = exchanges.flatMap((exchange, n): object[] => {
    const [call, answer] = [arrived.get(n), answers.get(n)]
    if (!call || !answer) return [{ operation: exchange.name, missing: call ? 'answer' : 'arrival' }]
    const [found, wanted] = compare(exchange, call, answer)
    return isDeepStrictEqual(found, wanted) ? [] : [{ operation: exchange.name, found, wanted }]
  })
  t.strictSame(differences.slice(0, 3), [], name)
}

function valuesOf(headers: readonly string[], name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name.toLowerCase())
}

function without(headers: readonly string[], names: readonly string[]): string[] {
  return headers.filter((_, i) => !names.includes(headers[i - (i % 2)]?.toLowerCase() ?? ''))
}
