import { availableParallelism } from 'node:os'
import { check } from './check.js'
import { compare } from './compare.js'
import { growth } from './growth.js'
import { limiter } from './limiter.js'
import { type Mode, type Options, readOptions, usage } from './options.js'
import { profile } from './profile.js'
import { pinThisProcess } from './program.js'
import { renewal } from './renewal.js'
import { type Scope, withScope } from './scope.js'
import { sideBySide } from './side-by-side.js'
import { stream } from './stream.js'
import { watchers } from './watchers.js'

const run: Record<Mode, (scope: Scope, options: Options) => Promise<void>> = {
  'side-by-side': sideBySide,
  check,
  compare,
  growth,
  limiter,
  profile,
  renewal,
  stream,
  watchers
}

await withScope(async (scope) => {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') return void process.stdout.write(usage)
  if (availableParallelism() < 2) throw new Error('This needs two cores: one for the load, one for the candidate.')
  pinThisProcess()
  await run[options.mode](scope, options)
})
