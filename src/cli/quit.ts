import { askAdmin } from './ask-admin.js'
import type { Command } from './command.js'
import { json, takeOptions } from './options.js'
import { readConfig } from './read-config.js'

export const quit: Command = {
  name: 'quit',
  summary: 'tell the running proxy to stop; it must have been started with --admin-allow-quit',
  examples: ['sc-proxy quit', './nightly-job; sc-proxy quit', 'sc-proxy quit --admin-port 9081'],
  options: [json],
  settings: ['config', 'admin'],

  /** 0: it is stopping; 1: it cannot be asked or does not allow it. */
  async run(world, argv) {
    const given = takeOptions(world, argv, quit.options ?? [])
    const loaded = given && readConfig(world, given.rest, quit)
    if (!loaded) return 2
    const { status, body } = await askAdmin(loaded.config.admin, 'POST', '/api/quit')
    const isStopping = status === 202
    const { detail = `it answered ${status}` } = (body ?? {}) as { detail?: string }
    if (given.has('--json'))
      world.stdout.write(`${JSON.stringify({ stopping: isStopping, ...(!isStopping && { reason: detail }) })}\n`)
    else if (isStopping) world.stdout.write('sc-proxy finishes what is under way and stops\n')
    else world.stderr.write(`sc-proxy: it does not stop: ${detail}\n`)
    return isStopping ? 0 : 1
  }
}
