#!/usr/bin/env node
import { config } from './cli/config.js'
import { emulate } from './cli/emulate.js'
import { createHelp } from './cli/help.js'
import { run } from './cli/run.js'
import { start } from './cli/start.js'
import { version } from './cli/version.js'

const { argv, env, stdout, stderr } = process
const signals = {
  onStop(listener: (signal: 'SIGTERM' | 'SIGINT') => void) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
  }
}
const onExit = (listener: () => void) => void process.on('exit', listener)
const faults = {
  onUncaught(listener: (error: unknown) => void) {
    for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, listener)
  },
  onWarning(listener: (warning: Error) => void) {
    process.removeAllListeners('warning').on('warning', listener)
  }
}
const commands = [start, emulate, config, version]

// Whoever reads our output may stop reading: `sc-proxy | head` is no reason to fail.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

process.exitCode = await run(
  { argv: argv.slice(2), env, stdout, stderr, cwd: process.cwd(), signals, faults, onExit },
  [...commands, createHelp(commands)]
)

// Whatever a command left open must not keep the process: it has said that it is over.
setTimeout(() => process.exit(), 500).unref()
