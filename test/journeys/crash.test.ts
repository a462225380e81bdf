import net, { type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { until } from '../support/until.js'
import { createClient } from './support/client.js'
import { environmentOf, type RunOptions, run, startProxy } from './support/proxy.js'
import { json, startServiceChannel } from './support/servicechannel.js'

t.setTimeout(180_000)
t.jobs = 2

/** Loaded into the program: does what a fault of its own would do, when it gets the signal. */
const faults = {
  thrown: `throw Object.assign(new Error('a fault', { cause: new Error('CANARY-cause') }), { sent: 'CANARY-property' })`,
  rejected: `Promise.reject('CANARY-text'); setInterval(() => { throw new Error('another fault') }, 10)`,
  warned: `process.emitWarning('something is odd', 'OddWarning')`
}
const preload = (text: string): RunOptions => ({
  files: { 'preload.mjs': text },
  env: { NODE_OPTIONS: '--import ./preload.mjs' }
})
const onSignal = (fault: keyof typeof faults) => preload(`process.on('SIGUSR2', () => { ${faults[fault]} })`)

for (const [fault, line] of [
  ['thrown', { level: 60, err: { type: 'Error', message: 'a fault', stack: /preload\.mjs/ } }],
  ['rejected', { level: 60, err: { type: 'string' } }]
] as const) {
  t.test(
    `a fault that is ${fault}: one line, what is under way finishes, exit code 1`,
    { buffered: true },
    async (t) => {
      const { proxy, ask, held } = await start(t, onSignal(fault))
      const call = ask({ target: '/v3/held' })
      await until(() => held.length === 1)
      const stopping = proxy.says(/after this fault: /)
      proxy.child.kill('SIGUSR2')
      await stopping
      await t.rejects(createClient(t, proxy.port)(), 'nobody new is let in')
      held[0]!()
      t.equal((await call).status, 200)
      t.match(await proxy.ended, { code: 1, signal: null })
      const fatal = lines(proxy.stdout()).filter(({ level }) => level === 60)
      t.match(fatal, [line])
      t.equal(fatal.length, 1)
      t.equal(proxy.stderr(), '', 'Node itself writes nothing')
      t.notMatch(proxy.stdout(), 'CANARY')
    }
  )
}

t.test('warnings of Node go to the log', { buffered: true }, async (t) => {
  const { proxy } = await start(t, onSignal('warned'))
  const warned = proxy.says(/something is odd.*\n/)
  proxy.child.kill('SIGUSR2')
  await warned
  const line = lines(proxy.stdout()).find(({ level }) => level === 40)
  t.match(line, { warning: 'OddWarning', msg: 'something is odd' })
  t.equal(proxy.stderr(), '')
})

for (const format of ['json', 'pretty']) {
  t.test(`a reader of its ${format} log that leaves does not end the proxy`, { buffered: true }, async (t) => {
    const { proxy, ask } = await start(t, { args: ['--log-format', format] })
    proxy.child.stdout?.destroy()
    proxy.child.stderr?.destroy()
    for (let n = 0; n < 20; n++) t.equal((await ask()).status, 200)
    proxy.child.kill('SIGTERM')
    t.match(await proxy.ended, { code: 0, signal: null })
  })
}

t.test('a signal that comes while it still reads its configuration is heard', { buffered: true }, async (t) => {
  const early = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const { readFileSync } = fs
    fs.readFileSync = (path, ...how) => {
      if (String(path).endsWith('config.json')) process.kill(process.pid, 'SIGTERM')
      return readFileSync(path, ...how)
    }
    syncBuiltinESMExports()`
  const { env, files } = preload(early)
  const config = { port: 0, admin: { port: 0 }, log: { format: 'json' } }
  const { ended, stdout, stderr } = run(t, {
    env,
    files: { ...files, 'config.json': JSON.stringify(config) },
    args: ['--config', 'config.json']
  })
  t.match(await ended, { code: 0, signal: null })
  t.match(stdout(), /"msg":"stopped"\}\n$/)
  t.equal(stderr(), '')
})

t.test('when one of its doors is taken, none opens, and one sentence says which', { buffered: true }, async (t) => {
  const somebody = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => somebody.once('listening', resolve))
  t.teardown(() => void somebody.close())
  const { port } = somebody.address() as AddressInfo
  const emulator = { environment: 'emulator', port: 0 }
  for (const config of [
    { listeners: [emulator, { ...emulator, port }], admin: { port: 0 } },
    { listeners: [emulator, emulator], admin: { port } }
  ]) {
    const files = { 'config.json': JSON.stringify(config) }
    const { ended, stdout, stderr } = run(t, { args: ['--config', 'config.json'], files })
    t.match(await ended, { code: 2, signal: null })
    t.equal(stdout(), '')
    t.match(stderr(), new RegExp(`^sc-proxy: Port ${port} on 127\\.0\\.0\\.1 is already in use[^.]*\\.\\n$`))
  }
})

/** A proxy before a server that holds what is asked of /v3/held. */
async function start(t: Test, options: RunOptions) {
  const held: (() => void)[] = []
  const service = await startServiceChannel(t, {
    answer({ target }, response) {
      const answer = () => json(response, 200, { Id: 1 })
      if (target === '/v3/held') held.push(answer)
      else answer()
    }
  })
  const log = options.args ? {} : { log: { format: 'json' } }
  const proxy = await startProxy(t, { environments: { mine: environmentOf(service) }, ...log }, options)
  return { proxy, held, ask: createClient(t, proxy.port) }
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
