#!/usr/bin/env node
import { config } from './cli/config.js'
import { emulate } from './cli/emulate.js'
import { help } from './cli/help.js'
import { run } from './cli/run.js'
import { start } from './cli/start.js'
import { version } from './cli/version.js'

const { argv, env, stdout, stderr } = process
const signals = {
  onStop(listener: (signal: string) => void) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
  }
}

// Whoever read our output may stop reading: `sc-proxy | head` is no reason to crash.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

process.exitCode = await run({ argv: argv.slice(2), env, stdout, stderr, cwd: process.cwd(), signals }, [start, emulate, config, help, version])
