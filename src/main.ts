#!/usr/bin/env node
import { config } from './cli/config.js'
import { emulate } from './cli/emulate.js'
import { createHelp } from './cli/help.js'
import { init } from './cli/init.js'
import { login } from './cli/login.js'
import { logout } from './cli/logout.js'
import { quit } from './cli/quit.js'
import { run } from './cli/run.js'
import { start } from './cli/start.js'
import { status } from './cli/status.js'
import { version } from './cli/version.js'
import { wait } from './cli/wait.js'

const { argv, env, stdin, stdout, stderr } = process
const signals = {
  onStop(listener: (signal: string) => void) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
  }
}
const commands = [start, emulate, init, login, logout, status, wait, quit, config, version]

// Whoever reads our output may stop reading: `sc-proxy | head` is no reason to fail.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

process.exitCode = await run({ argv: argv.slice(2), env, stdin, stdout, stderr, cwd: process.cwd(), signals }, [
  ...commands,
  createHelp(commands)
])
