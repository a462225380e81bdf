import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { environmentOf, startProxy } from '../journeys/support/proxy.js'
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

async function loadedBy(t: Test, more: { redis?: object }): Promise<string> {
  const service = await startServiceChannel(t)
  const settings = { environments: { service: environmentOf(service) }, ...more }
  const options = { env: { NODE_OPTIONS: '--import=./watch.mjs' }, files: { 'watch.mjs': watch, loaded: '' } }
  const { folder, port, adminPort } = await startProxy(t, settings, options)
  // Who has just lost Redis serves nobody for a window.
  const url = more.redis ? `http://127.0.0.1:${adminPort}/readiness` : `http://127.0.0.1:${port}/v3/workorders`
  t.equal((await fetch(url)).status, 200)
  return readFileSync(join(folder, 'loaded'), 'utf8')
}

const ofRedis = /\/ioredis\/|\/src\/redis\//

t.test('without redis.url no Redis code is loaded', async (t) => {
  const loaded = await loadedBy(t, {})
  t.match(loaded, /\/src\/limiter\/limiter\.js/)
  t.notMatch(loaded, ofRedis)
})

t.test('with it, all of it is', async (t) => {
  const loaded = await loadedBy(t, { redis: { url: 'redis://127.0.0.1:1' } })
  t.match(loaded, /\/src\/redis\/sharing\.js/)
  t.match(loaded, /\/ioredis\//)
})
