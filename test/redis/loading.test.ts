import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { environmentOf, main, startProxy } from '../journeys/support/proxy.js'
import { startServiceChannel } from '../journeys/support/servicechannel.js'

/** Writes down every module the program loads, whoever asks for it. */
const watch = `
  import { register } from 'node:module'
  const hooks = \`
    import { appendFileSync } from 'node:fs'
    export function load(url, context, next) {
      appendFileSync('loaded', url + '\\\\n')
      return next(url, context)
    }\`
  register('data:text/javascript,' + encodeURIComponent(hooks))`

/** The sources of what it has loaded: the program is bundled, and a list beside its chunks says what each was made of. */
async function loadedBy(t: Test, more: { redis?: object }): Promise<string[]> {
  const service = await startServiceChannel(t)
  const settings = { environments: { service: environmentOf(service) }, ...more }
  const options = { env: { NODE_OPTIONS: '--import=./watch.mjs' }, files: { 'watch.mjs': watch, loaded: '' } }
  const { folder, port, adminPort } = await startProxy(t, settings, options)
  // Who has just lost Redis serves nobody for a window.
  const url = more.redis ? `http://127.0.0.1:${adminPort}/readiness` : `http://127.0.0.1:${port}/v3/workorders`
  t.equal((await fetch(url)).status, 200)
  const files = readFileSync(join(folder, 'loaded'), 'utf8').split('\n')
  const sources: Record<string, string[]> = JSON.parse(readFileSync(join(dirname(main), 'sources.json'), 'utf8'))
  return files.flatMap((file) => sources[basename(file)] ?? [])
}

const ofRedis = /\/ioredis\/|^src\/redis\//

t.jobs = 2

t.test('without redis.url no Redis code is loaded', { buffered: true }, async (t) => {
  const loaded = await loadedBy(t, {})
  t.ok(loaded.includes('src/limiter/limiter.ts'))
  t.strictSame(
    loaded.filter((source) => ofRedis.test(source)),
    []
  )
})

t.test('with it, all of it is', { buffered: true }, async (t) => {
  const loaded = await loadedBy(t, { redis: { url: 'redis://127.0.0.1:1' } })
  t.ok(loaded.includes('src/redis/sharing.ts'))
  t.ok(loaded.some((source) => source.startsWith('node_modules/ioredis/')))
})
