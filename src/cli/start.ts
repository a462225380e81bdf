import { banner } from './banner.js'
import type { Command } from './command.js'
import { readConfig } from './read-config.js'
import { exitCodeOf, untilStopped } from './until-stopped.js'

/** After a fault nobody knows what state the process is in: long enough for most calls, too short for much harm. */
const mostSecondsAfterFault = 5

export const start: Command = {
  name: 'start',
  summary: 'run the proxy; what happens when no command is given',
  examples: ['sc-proxy', 'sc-proxy start --environment sandbox2 --read-only', 'sc-proxy start --config config.json'],

  /**
   * Runs until it is told to stop. 0: stopped in the time given; 1: stopped after a fault; 2: nothing was started; 128
   * and the number of the signal: a second signal ended the draining.
   */
  async run(world, argv) {
    // Before anything else: a container's first process is deaf to a signal it does not listen to.
    const { asked, insisted } = untilStopped(world)
    const loaded = readConfig(world, argv)
    if (!loaded) return 2
    const { config } = loaded
    // Loaded here, so that the other commands, and a refusal to start, need not wait for all of it.
    const [{ openApp }, { openLedger }, { createLog }] = await Promise.all([
      import('./app.js'),
      import('./open-ledger.js'),
      import('../telemetry/log.js')
    ])
    const log = await createLog({ ...config.log, stream: world.stdout, onExit: world.onExit })
    const failed = new Promise<undefined>((resolve) => {
      let isFirst = true
      world.faults.onUncaught((err) => {
        // One fault brings forth others, and a timer the same one again and again.
        if (isFirst) log.fatal({ err }, 'the proxy failed in a way it does not know')
        isFirst = false
        resolve(undefined)
      })
    })
    world.faults.onWarning(({ name, message }) => log.warn({ warning: name }, message))

    const app = await openApp(config, log, openLedger(config.stateDir, world, log)).catch((error: Error) => {
      world.stderr.write(`sc-proxy: ${error.message}\n`)
    })
    if (!app) return 2

    // Machines read the log; a person who starts the proxy by hand reads the banner.
    if (config.log.format !== 'json') world.stderr.write(banner(app.listeners, app.adminUrl))
    for (const { environment, access, addresses, apiUrl } of app.listeners) {
      log.info({ environment, access, addresses, apiUrl }, `listening on ${addresses.join(' and ')} for ${environment}`)
    }
    if (app.adminUrl !== undefined) log.info({ adminUrl: app.adminUrl }, `health at ${app.adminUrl}/readiness`)

    const signal = await Promise.race([asked, failed, app.failed])
    const { drainSeconds } = config.shutdown
    const seconds = signal ? drainSeconds : Math.min(drainSeconds, mostSecondsAfterFault)
    log.info(
      `${signal ?? 'after this fault'}: finishing what is under way, for ${seconds} s at most; a second signal ends it at once`
    )
    let code = signal ? 0 : 1
    void Promise.race([insisted, failed]).then((again) => {
      code = again ? exitCodeOf(again) : 1
      if (again) app.abandon()
    })
    await app.drain(seconds)
    log.info('stopped')
    return code
  }
}
