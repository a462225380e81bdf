import t from 'tap'
import { send, visit } from './visitor.js'

const calm = { minLatencyMs: 0, maxLatencyMs: 0, drop: 0, cut: 0, crawl: 0, fail: 0, html: 0 }
const note = send('POST', { Note: 'once' })
const notes = '/v3/workorders/270000001/notes'

t.test('a dropped call gets no answer, but was carried out', async (t) => {
  const trouble = { ...calm, drop: 1 }
  const { caller } = await visit(t, { api: { trouble } })
  const call = await caller()
  await t.rejects(call(notes, note), { code: 'UND_ERR_SOCKET' })
  trouble.drop = 0
  t.equal((await call(notes)).json().AllNotesCount, 3)
})

t.test('a cut answer promises its full length and ends in the middle', async (t) => {
  const { caller } = await visit(t, { api: { trouble: { ...calm, cut: 1 } } })
  await t.rejects((await caller())('/v3/trades'), { message: /other side closed|terminated|aborted/ })
})

t.test('a crawling answer is whole in the end', async (t) => {
  const { caller } = await visit(t, { api: { trouble: { ...calm, crawl: 1 } } })
  const answer = await (await caller())('/v3/trades')
  t.equal(answer.json<object[]>().length, 8)
})

t.test('failures come as envelopes or as HTML pages, and nothing was carried out', async (t) => {
  for (const kind of ['fail', 'html'] as const) {
    const trouble = { ...calm, [kind]: 1 }
    const { caller } = await visit(t, { api: { trouble } })
    const call = await caller()
    const answers = await Promise.all(Array.from({ length: 12 }, () => call(notes, note)))
    const statuses = new Set(answers.map(({ status }) => status))
    t.same([...statuses].sort(), kind === 'fail' ? [500, 502, 503] : [502, 503])
    const [first] = answers
    t.match(
      first,
      kind === 'fail'
        ? { text: /"ErrorCode":501/ }
        : { text: /^<!DOCTYPE html>/, headers: { 'content-type': 'text/html' } }
    )
    trouble[kind] = 0
    t.equal((await call(notes)).json().AllNotesCount, 2)
  }
})

t.test('faults repeat for the same seed', async (t) => {
  const run = async () => {
    const { caller } = await visit(t, { api: { trouble: { ...calm, fail: 0.5 } } })
    const call = await caller()
    const statuses: number[] = []
    for (let turn = 0; turn < 12; turn++) statuses.push((await call('/v3/trades')).status)
    return statuses
  }
  const [one, other] = [await run(), await run()]
  t.same(one, other)
  t.ok(one.includes(200) && one.some((status) => status >= 500))
})

t.test('latency delays an answer and the login host can have trouble too', async (t) => {
  const { logIn } = await visit(t, { login: { trouble: { ...calm, minLatencyMs: 60, maxLatencyMs: 60, html: 1 } } })
  const start = performance.now()
  t.match(await logIn(), { status: /^50[23]$/, text: /^<!DOCTYPE html>/ })
  t.ok(performance.now() - start >= 55)
})
