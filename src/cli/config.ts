import { showConfig, withoutSecrets } from '../config/show.js'
import type { Command } from './command.js'
import { readConfig } from './read-config.js'

export const config: Command = {
  name: 'config',
  summary: 'print the effective settings and where each comes from, without secrets',
  examples: ['sc-proxy config', 'sc-proxy config --config config.json', 'sc-proxy config --json'],
  async run(world, argv) {
    const loaded = readConfig(
      world,
      argv.filter((argument) => argument !== '--json')
    )
    if (!loaded) return 2
    const { config, origins } = loaded
    const asJson = () => `${JSON.stringify({ config: withoutSecrets(config), origins }, null, 2)}\n`
    world.stdout.write(argv.includes('--json') ? asJson() : showConfig(config, origins))
    return 0
  }
}
