#!/usr/bin/env node
import { commands } from './cli/commands.js'
import { run } from './cli/run.js'

const { argv, env, platform, stdin, stdout, stderr } = process
/** There SIGHUP means that the window is being closed; a daemon, which has none, is told to read its configuration by it. */
const hangsUpWithTerminal = platform === 'win32' || stdin.isTTY === true
const signals = {
  onStop(listener: (signal: 'SIGTERM' | 'SIGINT') => void) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener)
    if (hangsUpWithTerminal) process.on('SIGHUP', () => listener('SIGTERM'))
    // Ctrl-Break on Windows, which has no other way to stop a process gently from outside.
    if (platform === 'win32') process.on('SIGBREAK', () => listener('SIGTERM'))
  },
  onReload(listener: (signal: string) => void) {
    if (!hangsUpWithTerminal) process.on('SIGHUP', listener)
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

// Whoever reads our output may stop reading: `sc-proxy | head` is no reason to fail.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

process.exitCode = await run(
  { argv: argv.slice(2), env, stdin, stdout, stderr, cwd: process.cwd(), signals, faults, onExit },
  commands
)

// Whatever a command left open must not keep the process: it has said that it is over.
setTimeout(() => process.exit(), 500).unref()
