#!/usr/bin/env node
import { config } from './cli/config.js'
import { emulate } from './cli/emulate.js'
import { createHelp } from './cli/help.js'
import { run } from './cli/run.js'
import { start } from './cli/start.js'
import { version } from './cli/version.js'

const { argv, env, stdout, stderr } = process
const signals = {
  onStop(listener: (signal: string) => void) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
  }
}
const onExit = (listener: () => void) => void process.on('exit', listener)
const commands = [start, emulate, config, version]

// Whoever reads our output may stop reading: `sc-proxy | head` is no reason to fail.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

process.exitCode = await run({ argv: argv.slice(2), env, stdout, stderr, cwd: process.cwd(), signals, onExit }, [
  ...commands,
  createHelp(commands)
])
