import { once } from 'node:events'
import net from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { listen } from '../../src/cli/listen.js'
import { raw } from '../support/raw.js'
import { until } from '../support/until.js'

const hasIPv6 = await new Promise<boolean>((resolve) => {
  const probe = net.createServer()
  probe.once('error', () => resolve(false)).listen(0, '::1', () => probe.close(() => resolve(true)))
})

async function open(t: Test, host = '127.0.0.1') {
  const app = Fastify()
  app.get('/', async () => 'hello')
  const door = await listen(app, host, 0)
  t.teardown(async () => {
    door.abandon()
    await door.close()
  })
  return door
}

t.test('a loopback listener answers on 127.0.0.1 and, where the machine has it, on ::1', async (t) => {
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    const door = await open(t, host)
    const families = hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
    t.equal(door.addresses.length, families.length)
    for (const family of families) {
      t.match(
        await raw(door.port, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', undefined, family),
        /hello$/,
        `${host} on ${family}`
      )
    }
  }
})

t.test('where the machine has no ::1, a loopback listener answers on 127.0.0.1 alone', async (t) => {
  const { listen: real } = net.Server.prototype
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]) {
    if ((args[0] as net.ListenOptions).host !== '::1') return Reflect.apply(real, this, args)
    const error = Object.assign(new Error('no such address'), { code: 'EADDRNOTAVAIL' })
    process.nextTick(() => this.emit('error', error))
    return this
  } as typeof real
  t.teardown(() => {
    net.Server.prototype.listen = real
  })
  const door = await open(t)
  t.strictSame(door.addresses, [`127.0.0.1:${door.port}`])
  t.match(await raw(door.port, 'GET / HTTP/1.0\r\n\r\n'), /hello/)
})

t.test('another address of the loopback network is bound as it is', async (t) => {
  // Other systems have to be given these addresses first.
  if (process.platform !== 'linux') return
  t.strictSame(
    (await open(t, '127.0.0.2')).addresses.map((address) => address.replace(/:\d+$/, '')),
    ['127.0.0.2']
  )
})

t.test('a port that is taken in either family is an error, and nothing stays open', async (t) => {
  const taken = net.createServer()
  await once(taken.listen(0, hasIPv6 ? '::1' : '127.0.0.1'), 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as net.AddressInfo
  await t.rejects(listen(Fastify(), '127.0.0.1', port), { code: 'EADDRINUSE' })
  if (hasIPv6) await t.rejects(once(net.connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
})

t.test('closing does not wait for idle keep-alive connections, also those that fall idle later', async (t) => {
  const app = Fastify()
  let release = () => {}
  app.get(
    '/',
    () =>
      new Promise((resolve) => {
        release = () => resolve('late')
      })
  )
  const door = await listen(app, '127.0.0.1', 0)
  const busy = net.connect(door.port, '127.0.0.1')
  const idle = net.connect(door.port, '127.0.0.1')
  await Promise.all([once(busy, 'connect'), once(idle, 'connect')])
  const asked = once(app.server, 'request')
  busy.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await asked
  const closing = door.close()
  release()
  const [answer] = await once(busy, 'data')
  t.match(String(answer), /late$/, 'what is under way is answered')
  await closing
  t.pass('closed long before the keep-alive time of 72 s')
})

t.test('pipelined calls whose client has left are not under way, and closing does not wait for them', async (t) => {
  const app = Fastify()
  app.get('/', () => new Promise(() => {}))
  const door = await listen(app, '127.0.0.1', 0)
  const leaving = net.connect(door.port, '127.0.0.1')
  const idle = net.connect(door.port, '127.0.0.1')
  await Promise.all([once(leaving, 'connect'), once(idle, 'connect')])
  leaving.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3))
  await until(() => door.underWay === 3)
  leaving.destroy()
  await until(() => door.connections === 1)
  t.equal(door.underWay, 0, 'Node tells none of the responses behind the first that their client has left')
  await door.close()
  t.pass('closed long before the keep-alive time of 72 s')
})

t.test('closing cuts no pipelined call that has come: the last answer on its connection says so', async (t) => {
  const app = Fastify()
  const releases: (() => void)[] = []
  app.get('/', () => new Promise((resolve) => releases.push(() => resolve('late'))))
  const door = await listen(app, '127.0.0.1', 0)
  const answers = raw(door.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3))
  await until(() => releases.length === 3)
  const closing = door.close()
  for (const release of releases) release()
  t.strictSame((await answers).match(/connection: [\w-]+|late/gi), [
    ...['Connection: keep-alive', 'late', 'Connection: keep-alive', 'late'],
    ...['Connection: close', 'late']
  ])
  await closing
})
