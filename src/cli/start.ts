import { setTimeout as pause } from 'node:timers/promises'
import { loadConfig } from '../config/load.js'
import { banner } from './banner.js'
import type { Command } from './command.js'
import { readConfig } from './read-config.js'
import { recordReads } from './record-reads.js'
import { createReload } from './reload.js'
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
    const reads = recordReads()
    const loaded = readConfig(world, argv, start, reads.readFile)
    if (!loaded) return 2
    const { config } = loaded
    // Loaded here, so that the other commands, and a refusal to start, need not wait for all of it.
    const [{ openApp }, { openLedger }, { openNeighbours }, { createLog }] = await Promise.all([
      import('./app.js'),
      import('./open-ledger.js'),
      import('./neighbours.js'),
      import('../telemetry/log.js')
    ])
    const log = await createLog({ ...config.log, stream: world.stdout, onExit: world.onExit })
    let askToQuit = () => {}
    const quit = new Promise<'POST /api/quit'>((resolve) => {
      askToQuit = () => resolve('POST /api/quit')
    })
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

    const app = await openApp(config, log, {
      ledger: openLedger(config.stateDir, world, log),
      neighbours: openNeighbours(log),
      quit: askToQuit,
      onExit: world.onExit
    }).catch((error: Error) => {
      world.stderr.write(`sc-proxy: ${error.message}\n`)
    })
    if (!app) return 2

    // Machines read the log; a person who starts the proxy by hand reads the banner.
    if (config.log.format !== 'json') world.stderr.write(banner(app.listeners, app.inspectorUrl))
    for (const { environment, access, addresses, apiUrl } of app.listeners) {
      log.info({ environment, access, addresses, apiUrl }, `listening on ${addresses.join(' and ')} for ${environment}`)
    }
    if (app.adminUrl !== undefined) log.info({ adminUrl: app.adminUrl }, `health at ${app.adminUrl}/readiness`)

    let current = config
    const reload = createReload({
      config,
      files: [...reads.texts.keys()],
      load() {
        const { readFile, texts } = recordReads()
        const loaded = loadConfig({ argv, env: world.env, cwd: world.cwd, readFile })
        return { loaded, files: [...texts.keys()] }
      },
      async apply(next) {
        await app.reconfigure(next)
        log.level = next.log.level
        current = next
      },
      log
    })
    world.signals.onReload((signal) => reload.now(signal))

    const reason = await Promise.race([asked, quit, failed, app.failed])
    reload.close()
    const { delaySeconds, drainSeconds } = current.shutdown
    let code = reason ? 0 : 1
    void Promise.race([insisted, failed]).then((again) => {
      code = again ? exitCodeOf(again) : 1
      if (again) app.abandon()
    })
    app.retire()
    if (reason && delaySeconds > 0) {
      log.info(`${reason}: readiness is red; everything is served for ${delaySeconds} s more`)
      await Promise.race([pause(delaySeconds * 1000, undefined, { ref: false }), insisted, failed])
    }
    const isHurried = code !== 0 && reason !== undefined
    const seconds = isHurried ? 0 : reason ? drainSeconds : Math.min(drainSeconds, mostSecondsAfterFault)
    log.info(
      `${reason ?? 'after this fault'}: finishing what is under way, for ${seconds} s at most; a second signal ends it at once`
    )
    await app.drain(seconds)
    log.info('stopped')
    return code
  }
}
