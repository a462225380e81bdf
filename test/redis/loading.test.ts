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

/** The texts of what it has loaded. */
async function loadedBy(t: Test, more: { redis?: object }): Promise<string[]> {
  const service = await startServiceChannel(t)
  const settings = { environments: { service: environmentOf(service) }, ...more }
  const options = { env: { NODE_OPTIONS: '--import=./watch.mjs' }, files: { 'watch.mjs': watch, loaded: '' } }
  const { folder, port, adminPort } = await startProxy(t, settings, options)
  // Who has just lost Redis serves nobody for a window.
  const url = more.redis ? `http://127.0.0.1:${adminPort}/readiness` : `http://127.0.0.1:${port}/v3/workorders`
  t.equal((await fetch(url)).status, 200)
  const files = readFileSync(join(folder, 'loaded'), 'utf8').split('\n')
  return files.filter((file) => file.startsWith('file:')).map((file) => readFileSync(new URL(file), 'utf8'))
}

/** The program is bundled, so what a chunk was made of is told by words that are nowhere else. */
const [ofIoredis, ofScripts] = ['ClusterAllFailedError', 'What all know.']
const holding = (texts: readonly string[], word: string) => texts.filter((text) => text.includes(word)).length

t.jobs = 2

t.test('without redis.url no Redis code is loaded', { buffered: true }, async (t) => {
  const loaded = await loadedBy(t, {})
  t.ok(loaded.length > 1)
  t.equal(holding(loaded, ofIoredis), 0)
  t.equal(holding(loaded, ofScripts), 0)
})

t.test('with it, all of it is', { buffered: true }, async (t) => {
  const loaded = await loadedBy(t, { redis: { url: 'redis://127.0.0.1:1' } })
  t.ok(holding(loaded, ofIoredis) > 0)
  t.ok(holding(loaded, ofScripts) > 0)
})
