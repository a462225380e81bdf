#!/usr/bin/env node
import { commands } from './cli/commands.js'
import { run } from './cli/run.js'

const { argv, env, stdin, stdout, stderr } = process
const signals = {
  onStop(listener: (signal: string) => void) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
  }
}

// Whoever reads our output may stop reading: `sc-proxy | head` is no reason to fail.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

process.exitCode = await run({ argv: argv.slice(2), env, stdin, stdout, stderr, cwd: process.cwd(), signals }, commands)
