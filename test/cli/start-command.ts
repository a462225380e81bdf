import type { Test } from 'tap'
import { start } from '../../src/cli/start.js'
import { processWith } from '../config/process.js'
import { until } from '../support/until.js'

type Signal = 'SIGTERM' | 'SIGINT'

/** The start command itself in this process, with signals that the test sends. */
export async function runStart(t: Test, args: readonly string[]) {
  const { process, stdout } = processWith({})
  const stop: ((signal: Signal) => void)[] = []
  const reload: ((signal: string) => void)[] = []
  const exit: (() => void)[] = []
  const signals = {
    onStop: (listener: (signal: Signal) => void) => void stop.push(listener),
    onReload: (listener: (signal: string) => void) => void reload.push(listener)
  }
  let hasEnded = false
  const onExit = (listener: () => void) => void exit.push(listener)
  const ended = start.run({ ...process, signals, onExit }, [...args, '--log-format', 'json']).finally(() => {
    hasEnded = true
    for (const flush of exit) flush()
  })
  await until(() => stdout().includes('health at'))
  t.teardown(async () => {
    if (hasEnded) return
    for (const tell of stop) tell('SIGTERM')
    for (const tell of stop) tell('SIGINT')
    await ended
  })
  const portIn = (pattern: RegExp) => pattern.exec(stdout())?.[1]
  return {
    ended,
    stdout,
    proxy: `http://127.0.0.1:${portIn(/listening on 127\.0\.0\.1:(\d+)/)}/v3/workorders`,
    admin: `http://127.0.0.1:${portIn(/health at http:\/\/127\.0\.0\.1:(\d+)/)}`,
    signal(name: Signal) {
      for (const tell of stop) tell(name)
    },
    /** Resolves when the configuration has been read again. */
    async reload() {
      const before = stdout().length
      for (const tell of reload) tell('SIGHUP')
      await until(() => stdout().slice(before).includes('SIGHUP: '))
      return stdout().slice(before)
    }
  }
}

export const statusOf = (url: string, method = 'GET') => fetch(url, { method }).then(({ status }) => status)
