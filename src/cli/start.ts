import { loadConfig } from '../config/load.js'
import { createLog } from '../telemetry/log.js'
import { openApp } from './app.js'
import { banner } from './banner.js'
import type { Command } from './run.js'

export const start: Command = {
  name: 'start',
  summary: 'Run the proxy (the default command).',
  examples: ['sc-proxy', 'sc-proxy start --environment sandbox2 --read-only', 'sc-proxy start --config sc-proxy.json'],

  /** Runs until it is told to stop. 0: drained; 2: nothing was started. */
  async run(process, argv) {
    const { stdout, stderr, signals } = process
    const loaded = loadConfig({ argv, env: process.env, cwd: process.cwd })
    if (!loaded.ok) {
      for (const error of loaded.errors) stderr.write(`sc-proxy: ${error}\n`)
      return 2
    }
    const { config, warnings } = loaded
    const log = createLog({ ...config.log, stream: stdout })
    for (const warning of warnings) log.warn(warning)

    const app = await openApp(config, log).catch((error: Error) => {
      stderr.write(`sc-proxy: ${error.message}\n`)
      return undefined
    })
    if (!app) return 2
    // Machines read the log; a person who starts the proxy by hand reads the banner.
    if (config.log.format !== 'json') stderr.write(banner(app.listeners, app.adminUrl))
    for (const listener of app.listeners)
      log.info({ listener }, `listening on ${listener.addresses.join(' and ')} for ${listener.environment}`)

    await new Promise<void>((resolve) => {
      let drained: Promise<void> | undefined
      signals.onStop((signal) => {
        if (drained) {
          app.abandon()
          return
        }
        log.info(
          `${signal}: finishing what is under way, for ${config.shutdown.drainSeconds} s at most; a second signal ends it now`
        )
        drained = app.drain(config.shutdown.drainSeconds)
        drained.then(resolve)
      })
    })
    log.info('stopped')
    return 0
  }
}
