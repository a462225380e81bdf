import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/schema.js'
import { askAdmin } from './ask-admin.js'
import type { Command } from './command.js'
import { json, secondsOf, takeOptions } from './options.js'
import { readConfig } from './read-config.js'

const presetSeconds = 60
const betweenMs = 200

export const wait: Command = {
  name: 'wait',
  summary: 'wait until the running proxy is ready',
  examples: ['sc-proxy wait', 'sc-proxy wait --timeout 120 && ./nightly-job', 'sc-proxy wait --admin-port 9081'],
  options: [{ flag: '--timeout', takes: 'SECONDS', summary: `The longest to wait (default ${presetSeconds}).` }, json],
  settings: ['config', 'admin'],

  /** 0: it is ready; 1: it was not in time. */
  async run(world, argv) {
    const given = takeOptions(world, argv, wait.options ?? [])
    const seconds = given && secondsOf(world, given, '--timeout', presetSeconds)
    const loaded = given && seconds !== undefined && readConfig(world, given.rest, wait)
    if (!loaded) return 2
    const startedAt = performance.now()
    const obstacle = await untilReady(loaded.config.admin, startedAt + seconds * 1000)
    const waitedSeconds = Math.round((performance.now() - startedAt) / 100) / 10
    if (given.has('--json')) {
      world.stdout.write(`${JSON.stringify({ ready: obstacle === undefined, waitedSeconds, reason: obstacle })}\n`)
    } else if (obstacle === undefined) world.stdout.write(`ready after ${waitedSeconds} s\n`)
    else world.stderr.write(`sc-proxy: not ready after ${waitedSeconds} s: ${obstacle}\n`)
    return obstacle === undefined ? 0 : 1
  }
}

/** Undefined once it is ready, or why it was not when the time was over. Asks at least once. */
async function untilReady(admin: Config['admin'], deadline: number): Promise<string | undefined> {
  for (;;) {
    const obstacle = await obstacleOf(admin)
    if (obstacle === undefined || performance.now() + betweenMs > deadline) return obstacle
    await pause(betweenMs)
  }
}

async function obstacleOf(admin: Config['admin']): Promise<string | undefined> {
  try {
    const { status, body } = await askAdmin(admin, 'GET', '/readiness')
    if (status === 200) return undefined
    const { reasons } = (body ?? {}) as { reasons?: string[] }
    return reasons?.join(' ') ?? `its readiness check answered ${status}.`
  } catch (error) {
    return (error as Error).message
  }
}
