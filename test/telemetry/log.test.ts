import { Writable } from 'node:stream'
import { install } from '@sinonjs/fake-timers'
import t from 'tap'
import { ProxyError } from '../../src/errors.js'
import { loginFailure } from '../../src/oauth/login-failure.js'
import { createLog, logCalls, logLogins } from '../../src/telemetry/log.js'
import type { CallRecord } from '../../src/telemetry/records.js'

function memory(isTTY = false) {
  let text = ''
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk
        done()
      }
    }),
    { isTTY }
  )
  return {
    stream,
    text: () => text,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
  }
}

const record: CallRecord = {
  id: 'id-1',
  startedAt: 0,
  environment: 'sandbox2',
  method: 'GET',
  path: '/v3/workorders',
  status: 200,
  problem: undefined,
  queueMs: 0,
  tokenMs: 0,
  upstreamMs: 12,
  totalMs: 12.4,
  attempts: 1,
  ahead: 0,
  notes: []
}

t.test('one line per call, from its record alone', async (t) => {
  const out = memory()
  const observe = logCalls(await createLog({ level: 'info', format: 'auto', stream: out.stream }))
  observe(record)
  observe({ ...record, status: 429, problem: 'queue_full', queueMs: 3, attempts: 0 })
  const [first, second] = out.lines()
  t.match(first, { level: 30, call: { id: 'id-1', status: 200 }, msg: 'sandbox2 GET /v3/workorders 200 (12 ms)' })
  t.match(second, { level: 40, msg: 'sandbox2 GET /v3/workorders 429 (12 ms, waited 3 ms) queue_full' })
  t.equal(out.lines().length, 2)
})

t.test('a login that failed is told once, and that it is tried again is said once', async (t) => {
  const out = memory()
  const log = logLogins(await createLog({ level: 'info', format: 'json', stream: out.stream }), 'mine')
  const host = {
    name: 'mine',
    origin: 'https://login.example',
    explain: () => ({ kind: 'dropped', reason: 'x', isLasting: false }) as const
  }
  const { code, message } = loginFailure(
    { kind: 'unusable', reason: 'answered 500' },
    { type: 'password', username: 'u', password: 'p' },
    host,
    []
  )
  log({ type: 'failed', grant: 'password', code, message, retrying: true })
  log({ type: 'failed', grant: 'password', code, message, retrying: false })
  const told = 'mine: The login server of "mine" (https://login.example) answered 500.'
  t.strictSame(
    out.lines().map(({ msg }) => msg),
    [`${told} Trying again.`, told]
  )
})

t.test('a terminal gets a line to read, everything else gets JSON, and the setting decides over both', async (t) => {
  for (const [isTTY, format, isJson] of [
    [true, 'auto', false],
    [false, 'auto', true],
    [true, 'json', true],
    [false, 'pretty', false]
  ] as const) {
    const out = memory(isTTY)
    logCalls(await createLog({ level: 'info', format, stream: out.stream }))(record)
    await new Promise(setImmediate)
    t.equal(out.text().startsWith('{'), isJson, `${format} on ${isTTY ? 'a terminal' : 'a pipe'}`)
    t.match(out.text(), /sandbox2 GET \/v3\/workorders 200/)
  }
})

t.test('on a terminal an event is its one line, and only an error shows more', async (t) => {
  const out = memory(true)
  const log = await createLog({ level: 'info', format: 'auto', stream: out.stream })
  log.info({ listener: { port: 8080 }, environment: 'sandbox2' }, 'listening')
  log.error({ err: new Error('it broke') }, 'failed')
  await new Promise(setImmediate)
  const [first, ...others] = out.text().trim().split('\n')
  t.match(first, /INFO.*listening/)
  t.match(others[0], /ERROR.*failed/, 'right after it')
  t.match(others.join('\n'), /it broke[\s\S]*\n +at /, 'with the place in the code')
})

t.test('secrets are hidden by name, and errors are told without their causes and properties', async (t) => {
  const out = memory()
  const log = await createLog({ level: 'trace', format: 'json', stream: out.stream })
  log.info({
    password: 'CANARY',
    config: { clientSecret: 'CANARY', deep: { accessToken: 'CANARY' } },
    headers: { authorization: 'Bearer CANARY', cookie: 'CANARY' }
  })
  const cause = Object.assign(new Error('said CANARY'), { headers: { authorization: 'CANARY' }, body: 'CANARY' })
  log.error({ err: new ProxyError('internal', 'The proxy itself failed.', { cause }) }, 'failed')
  t.notMatch(out.text(), /CANARY/)
  t.match(out.lines()[1], { err: { code: 'internal', message: 'The proxy itself failed.' } })
})

t.test('a line that comes alone is written at once, lines in close succession together', async (t) => {
  const clock = install({ toFake: ['setTimeout', 'clearTimeout'] })
  t.teardown(() => clock.uninstall())
  const out = memory()
  let end = () => {}
  const onExit = (listener: () => void) => {
    end = listener
  }
  const log = await createLog({ level: 'info', format: 'json', stream: out.stream, onExit })
  const count = () => (out.text() === '' ? 0 : out.lines().length)
  log.info('one')
  t.equal(count(), 1)
  log.info('two')
  log.info('three')
  t.equal(count(), 1)
  clock.tick(100)
  t.strictSame(
    out.lines().map(({ msg }) => msg),
    ['one', 'two', 'three']
  )
  clock.tick(100)
  log.info('four')
  t.equal(count(), 4, 'it was quiet for a while')
  log.info('five')
  end()
  t.equal(count(), 5, 'the process ends')
  clock.tick(1000)
  t.equal(count(), 5, 'nothing twice')
})

t.test('a flood of lines is not kept for long', async (t) => {
  const out = memory()
  const log = await createLog({ level: 'info', format: 'json', stream: out.stream, onExit() {} })
  for (let i = 0; i < 1000; i++) log.info('x'.repeat(100))
  t.ok(out.lines().length > 500)
})

t.test('lines of many bytes are whole, whatever their letters', async (t) => {
  const out = memory()
  const log = await createLog({ level: 'info', format: 'json', stream: out.stream, onExit() {} })
  log.info('first')
  const texts = ['é', '€', '😀'].flatMap((letter) => [letter.repeat(9000), letter.repeat(40_000)])
  for (const text of texts) log.info(text)
  log.info('x'.repeat(70_000))
  const told = out.lines().map(({ msg }) => msg)
  t.strictSame(told, ['first', ...texts, 'x'.repeat(70_000)].slice(0, told.length))
  t.ok(told.length >= texts.length)
})

t.test('a new level counts for the lines of calls, too', async (t) => {
  const out = memory()
  const log = await createLog({ level: 'warn', format: 'json', stream: out.stream })
  const observe = logCalls(log)
  observe(record)
  t.equal(out.text(), '')
  log.level = 'info'
  observe(record)
  t.equal(out.lines().length, 1)
})

t.test('of a call only the fields of its record are written, whatever else is in it', async (t) => {
  const out = memory()
  const log = await createLog({ level: 'info', format: 'json', stream: out.stream })
  logCalls(log)({ ...record, headers: ['authorization', 'Bearer CANARY'] } as CallRecord)
  t.notMatch(out.text(), /CANARY/)
})
