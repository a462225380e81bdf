import { PassThrough } from 'node:stream'
import t from 'tap'
import { createIncomingBody } from '../../src/upstream/answer-body.js'

function setUp() {
  const asked: string[] = []
  const body = createIncomingBody({ resume: () => asked.push('resume'), abort: () => asked.push('abort') })
  const sink = new PassThrough({ highWaterMark: 16 * 1024 })
  const received = () => sink.read()?.toString() ?? ''
  return { asked, body, sink, received }
}

t.test('pours what has come already, then what comes, and leaves the sink open', async (t) => {
  const { body, sink, received } = setUp()
  body.push(Buffer.from('early '))
  const poured = body.pour(sink)
  body.push(Buffer.from('late'))
  t.equal(received(), 'early late')
  body.end()
  await poured
  t.equal(sink.writableEnded, false)
})

t.test('pours one that has come whole', async (t) => {
  const { body, sink, received } = setUp()
  body.push(Buffer.from('all of it'))
  body.end()
  await body.pour(sink)
  t.equal(received(), 'all of it')
})

t.test('asks for a pause while the sink has enough, and goes on when it has room', async (t) => {
  const { asked, body, sink } = setUp()
  const poured = body.pour(sink)
  const piece = Buffer.alloc(40_000)
  t.equal(body.push(piece), true)
  t.equal(body.push(piece), false)
  t.same(asked, [])
  sink.resume()
  await new Promise((resolve) => sink.once('drain', resolve))
  t.same(asked, ['resume'])
  t.equal(body.push(piece), true)
  body.end()
  await poured
})

t.test('a pause asked for before anybody poured ends when the sink has room', async (t) => {
  const { asked, body, sink } = setUp()
  sink.resume()
  t.equal(body.push(Buffer.alloc(70_000)), false)
  const poured = body.pour(sink)
  await new Promise((resolve) => sink.once('drain', resolve))
  t.same(asked, ['resume'])
  body.end()
  await poured
})

t.test('what came before the connection broke is poured', async (t) => {
  const { body, sink, received } = setUp()
  body.push(Buffer.from('half'))
  body.fail(new Error('broken'))
  await t.rejects(body.pour(sink), { message: 'broken' })
  t.equal(received(), 'half')
})

t.test('a connection that breaks while it pours', async (t) => {
  const { body, sink, received } = setUp()
  const poured = body.pour(sink)
  body.push(Buffer.from('half'))
  body.fail(new Error('broken'))
  await t.rejects(poured, { message: 'broken' })
  t.equal(received(), 'half')
})

t.test('pours what somebody has looked at and put back', async (t) => {
  const { body, sink, received } = setUp()
  body.push(Buffer.from('looked at'))
  const stream = body.stream()
  body.putBack(stream.read())
  body.end()
  await body.pour(sink)
  t.equal(received(), 'looked at')
})
