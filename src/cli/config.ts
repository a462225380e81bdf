import { showConfig, withoutSecrets } from '../config/show.js'
import type { Command } from './command.js'
import { json, takeOptions } from './options.js'
import { readConfig } from './read-config.js'

export const config: Command = {
  name: 'config',
  summary: 'print the effective settings and where each comes from, without secrets',
  examples: ['sc-proxy config', 'sc-proxy config --config config.json', 'sc-proxy config --json'],
  options: [json],
  async run(world, argv) {
    const given = takeOptions(world, argv, [json])
    const loaded = given && readConfig(world, given.rest, { name: 'config' })
    if (!loaded) return 2
    const { config, origins } = loaded
    const asJson = () => `${JSON.stringify({ config: withoutSecrets(config), origins }, null, 2)}\n`
    world.stdout.write(given.has('--json') ? asJson() : showConfig(config, origins))
    return 0
  }
}
