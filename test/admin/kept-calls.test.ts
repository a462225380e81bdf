import t from 'tap'
import { createKeptCalls } from '../../src/admin/kept-calls.js'
import { createRecorder } from '../../src/admin/recorder.js'
import { createRedaction, type Redact } from '../../src/admin/redaction.js'
import type { CallRecord } from '../../src/telemetry/records.js'

const bounds = { maxCalls: 3, maxBytes: 1024 * 1024, maxBodyBytes: 1024 }

function callOf(rawHeaders: string[] = [], target = '/v3/a') {
  return { id: 'a', environment: 'mine', method: 'GET', target, request: { rawHeaders, httpVersion: '1.1' } }
}

const record: CallRecord = {
  id: 'a',
  startedAt: 0,
  environment: 'mine',
  method: 'GET',
  path: '/v3/a',
  status: 200,
  problem: undefined,
  queueMs: 0.1,
  tokenMs: 0,
  upstreamMs: 12.3,
  totalMs: 15.4,
  attempts: 1,
  ahead: 0,
  notes: ['waited \u2013 for its turn']
}

t.test('a call is found as it passed, its credentials apart, which are not even kept', async (t) => {
  const kept = createKeptCalls(bounds)
  const headers = ['Host', 'a', 'AUTHORIZATION', 'Bearer CANARY', 'Cookie', 'CANARY', 'X-Session-Token', 'CANARY']
  const number = kept.open(callOf(headers), 1, 7)
  t.equal(kept.find(number)?.answer(), undefined)
  kept.answered(number, 200, 'Fine', ['Set-Cookie', 'CANARY', 'x-odd', 'caf\u00e9'])
  kept.sent(number, Buffer.from('sent'))
  kept.received(number, Buffer.from('came '))
  kept.received(number, Buffer.from('back'))
  kept.close(number, record)
  const call = kept.find(number)
  t.match(call, {
    ...{ number: 1, id: 'a', listener: 1, environment: 'mine', target: '/v3/a', replayOf: 7, status: 200 },
    headers: ['Host', 'a', 'AUTHORIZATION', '[hidden]', 'Cookie', '[hidden]', 'X-Session-Token', '[hidden]'],
    ending: { status: 200, queueMs: 0.1, upstreamMs: 12.3, totalMs: 15.4, attempts: 1, notes: record.notes }
  })
  t.strictSame(call?.answer(), {
    ...{ status: 200, statusText: 'Fine' },
    headers: ['Set-Cookie', '[hidden]', 'x-odd', 'caf\u00e9']
  })
  t.equal(`${call?.sent().bytes} ${call?.received().bytes}`, 'sent came back')
})

t.test('a head whose lines are not what they were is not shown under the wrong names', async (t) => {
  const kept = createKeptCalls(bounds)
  t.strictSame(kept.find(kept.open(callOf(['a', 'b\nauthorization', 'c', 'd']), 0, undefined))?.headers, [])
  t.strictSame(kept.find(kept.open(callOf(), 0, undefined))?.headers, [])
})

t.test('what is told of a call that had to make room is not kept', async (t) => {
  const kept = createKeptCalls(bounds)
  const first = kept.open(callOf(), 0, undefined)
  for (let i = 0; i < 3; i++) kept.open(callOf(), 0, undefined)
  const before = kept.bytes()
  kept.sent(first, Buffer.alloc(100))
  kept.answered(first, 200, '', [])
  kept.received(first, Buffer.alloc(100))
  kept.close(first, record)
  t.strictSame([kept.bytes(), kept.dropped(), kept.range()], [before, 1, [2, 4]])
  for (const number of [first, 5, 2.5, Number.NaN]) t.equal(kept.find(number), undefined)
  kept.clear()
  t.strictSame([kept.bytes(), kept.range()], [0, [5, 4]])
})

t.test('a call that takes more than all may together goes at once', async (t) => {
  const kept = createKeptCalls({ ...bounds, maxBytes: 2000, maxBodyBytes: 10_000 })
  const number = kept.open(callOf(), 0, undefined)
  kept.received(number, Buffer.alloc(3000))
  t.strictSame([kept.find(number), kept.bytes(), kept.dropped()], [undefined, 0, 1])
})

t.test('a secret that becomes known later is hidden in what was kept before', async (t) => {
  let redact: Redact = createRedaction([])
  const recorder = createRecorder({ ...bounds, redact: (...facts) => redact(...facts) })
  const { open, answered, received, close } = recorder.at(0)
  const number = open(callOf(['user-agent', 'CANARY-agent', 'x', 'CANARY-agent'], '/v3/CANARY-agent'))
  answered(number, 200, 'CANARY-agent', ['y', 'CANARY-agent'])
  received(number, 'CANARY-agent')
  close(number, record, undefined)
  redact = createRedaction(['CANARY-agent'])
  const seen = [recorder.glances(), await recorder.look(number)]
  t.notMatch(JSON.stringify(seen), /CANARY/)
  t.equal((await recorder.look(number))?.responseBody.bytes.toString(), '[hidden]')
})

t.test(
  'an expected repetition is awaited until nobody expects it any more, even while nothing is recorded',
  async (t) => {
    const recorder = createRecorder({ ...bounds, redact: createRedaction([]) })
    const { open } = recorder.at(0)
    const arrived: number[] = []
    recorder.pause(true)
    t.equal(open(callOf()), 0)
    recorder.expectReplay('a', 5, (number) => arrived.push(number))
    t.equal(open(callOf()), 1)
    recorder.expectReplay('a', 5, (number) => arrived.push(number))()
    t.equal(open(callOf()), 0)
    t.strictSame(arrived, [1])
    t.equal(recorder.glance(1)?.opened.replayOf, 5)
  }
)
