import { createRequire } from 'node:module'
import type { Command } from './command.js'
import { json, takeOptions } from './options.js'

/** The version in package.json, which the package reaches by its own name wherever it is compiled to. */
export function packageVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('servicechannel-proxy/package.json')
  return version
}

export const versionLine = (): string => `sc-proxy ${packageVersion()}\n`

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  examples: ['sc-proxy version', 'sc-proxy version --json'],
  options: [json],
  settings: [],

  /** 0: printed; 2: bad usage. */
  async run(world, argv) {
    const given = takeOptions(world, argv, [json])
    if (!given) return 2
    if (given.rest.length > 0) {
      world.stderr.write(`sc-proxy: version takes --json and nothing else\n`)
      return 2
    }
    world.stdout.write(given.has('--json') ? `${JSON.stringify({ version: packageVersion() })}\n` : versionLine())
    return 0
  }
}
