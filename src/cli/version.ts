import { createRequire } from 'node:module'
import type { Command } from './command.js'

/** The version in package.json, which the package reaches by its own name wherever it is compiled to. */
export function packageVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('servicechannel-proxy/package.json')
  return version
}

export const versionLine = (): string => `sc-proxy ${packageVersion()}\n`

export const version: Command = {
  name: 'version',
  summary: 'print the version',
  examples: ['sc-proxy version'],
  settings: [],
  async run(world) {
    world.stdout.write(versionLine())
    return 0
  }
}
