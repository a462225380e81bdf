import t from 'tap'
import { startProxy } from '../support/proxy.js'
import { startServiceChannel } from '../support/servicechannel.js'
import { until } from '../support/until.js'

const context = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

t.test('the trace context of a client reaches the API as it is, and the record when it is well-formed', async (t) => {
  const servicechannel = await startServiceChannel(t)
  const proxy = await startProxy(t, { environment: servicechannel })
  for (const [traceparent, recorded] of [
    [context, context],
    [`cc${context.slice(2)}-later`, `cc${context.slice(2)}`],
    [`ff${context.slice(2)}`, undefined],
    [context.replace('b7ad6b7169203331', '0000000000000000'), undefined],
    [`${context}0`, undefined],
    ['CANARY', undefined]
  ] as const) {
    const headers = { traceparent, tracestate: 'a=1,b=2', baggage: 'user=7' }
    await (await fetch(`${proxy.url}/v3/x`, { headers })).arrayBuffer()
    t.match(servicechannel.arrivals.at(-1)?.headers, headers)
    const count = servicechannel.arrivals.length
    await until(() => proxy.records.length === count)
    t.equal(proxy.records.at(-1)?.traceparent, recorded, traceparent)
  }
})
