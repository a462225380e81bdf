import { banner } from './banner.js'
import type { Command } from './command.js'
import { readConfig } from './read-config.js'
import { untilStopped } from './until-stopped.js'

export const start: Command = {
  name: 'start',
  summary: 'run the proxy; what happens when no command is given',
  examples: ['sc-proxy', 'sc-proxy start --environment sandbox2 --read-only', 'sc-proxy start --config config.json'],

  /** Runs until it is told to stop. 0: drained; 2: nothing was started. */
  async run(world, argv) {
    const loaded = readConfig(world, argv)
    if (!loaded) return 2
    const { config } = loaded
    // Loaded here, so that the other commands, and a refusal to start, need not wait for all of it.
    const [{ openApp }, { createLog }] = await Promise.all([import('./app.js'), import('../telemetry/log.js')])
    const log = await createLog({ ...config.log, stream: world.stdout, onExit: world.onExit })
    const app = await openApp(config, log).catch((error: Error) => {
      world.stderr.write(`sc-proxy: ${error.message}\n`)
    })
    if (!app) return 2

    // Machines read the log; a person who starts the proxy by hand reads the banner.
    if (config.log.format !== 'json') world.stderr.write(banner(app.listeners, app.adminUrl))
    for (const { environment, access, addresses, apiUrl } of app.listeners) {
      log.info({ environment, access, addresses, apiUrl }, `listening on ${addresses.join(' and ')} for ${environment}`)
    }
    if (app.adminUrl !== undefined) log.info({ adminUrl: app.adminUrl }, `health at ${app.adminUrl}/readiness`)

    const { drainSeconds } = config.shutdown
    const signal = await untilStopped(world, app.abandon)
    log.info(`${signal}: finishing what is under way, for ${drainSeconds} s at most; a second signal ends it at once`)
    await app.drain(drainSeconds)
    log.info('stopped')
    return 0
  }
}
