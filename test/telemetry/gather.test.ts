import { install } from '@sinonjs/fake-timers'
import t, { type Test } from 'tap'
import { gather } from '../../src/telemetry/gather.js'
import type { CallRecord } from '../../src/telemetry/records.js'
import { runStart } from '../cli/start-command.js'

const record: CallRecord = {
  id: '0',
  startedAt: 0,
  environment: 'sandbox2',
  method: 'GET',
  path: '/v3/workorders',
  status: 200,
  problem: undefined,
  queueMs: 0,
  tokenMs: 0,
  upstreamMs: 0,
  totalMs: 0,
  attempts: 1,
  ahead: 0,
  notes: []
}

function collect(t: Test) {
  const clock = install({ toFake: ['setTimeout', 'clearTimeout'] })
  t.teardown(() => clock.uninstall())
  const told: string[] = []
  const gathering = gather([({ id }) => told.push(`log ${id}`), ({ id }) => told.push(`count ${id}`)])
  return { clock, told, gathering, close: (id: number) => gathering.observe({ ...record, id: `${id}` }) }
}

t.test('a call that comes alone is told of at once', async (t) => {
  const { clock, told, close } = collect(t)
  close(1)
  t.strictSame(told, ['log 1', 'count 1'])
  clock.tick(200)
  close(2)
  t.equal(told.length, 4)
})

t.test('calls in close succession are told of together, in their order, a tenth of a second later', async (t) => {
  const { clock, told, close } = collect(t)
  for (const id of [1, 2, 3]) close(id)
  t.equal(told.length, 2)
  clock.tick(100)
  t.strictSame(told, ['log 1', 'count 1', 'log 2', 'log 3', 'count 2', 'count 3'])
  close(4)
  t.equal(told.length, 6, 'it has not been quiet yet')
  clock.tick(100)
  t.equal(told.length, 8)
})

t.test('no more than twenty calls wait to be told of', async (t) => {
  const { told, close } = collect(t)
  for (let id = 0; id < 1000; id++) close(id)
  t.ok(told.length > 2 * 980)
})

t.test('nothing kept is lost or told twice when somebody asks before it is time', async (t) => {
  const { clock, told, gathering, close } = collect(t)
  for (const id of [1, 2]) close(id)
  gathering.flush()
  gathering.flush()
  clock.tick(1000)
  t.strictSame(told, ['log 1', 'count 1', 'log 2', 'count 2'])
})

t.test('the metrics count up to the last call, and the log of a process that ends holds it', async (t) => {
  const { proxy, admin, stdout, signal, ended } = await runStart(t, ['--port', '0', '--admin-port', '0'])
  const call = () => Promise.all([1, 2, 3, 4, 5].map(async () => (await fetch(proxy)).arrayBuffer()))
  const counted = async () =>
    /sc_proxy_requests_sent_total\{[^}]*\} (\d+)/.exec(await (await fetch(`${admin}/metrics`)).text())?.[1]
  await counted() // so that nothing has to be loaded afterwards
  await call()
  t.equal(await counted(), '5')
  await call()
  signal('SIGTERM')
  signal('SIGINT') // at once
  await ended
  t.equal(stdout().match(/GET \/v3\/workorders 200/g)?.length, 10)
})
