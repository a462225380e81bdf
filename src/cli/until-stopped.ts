import { constants } from 'node:os'
import type { Process } from './command.js'

type Signal = 'SIGTERM' | 'SIGINT'

/** The two times a process can be asked to stop: the first is a request, the second an order. */
export interface Stopping {
  readonly asked: Promise<Signal>
  readonly insisted: Promise<Signal>
}

/**
 * npm passes a Ctrl-C on to a program that the terminal has told already: of the same signal, what comes within so many
 * ms is the same wish.
 */
const echoMs = 250

/** Listens from now on. */
export function untilStopped({ signals }: Pick<Process, 'signals'>, now = () => performance.now()): Stopping {
  const steps: ((signal: Signal) => void)[] = []
  const step = () => new Promise<Signal>((resolve) => steps.push(resolve))
  const stopping = { asked: step(), insisted: step() }
  let last: { signal: Signal; at: number } | undefined
  signals.onStop((signal) => {
    const at = now()
    if (last?.signal === signal && at - last.at < echoMs) return
    last = { signal, at }
    steps.shift()?.(signal)
  })
  return stopping
}

/** What a shell reports of a process that a signal ended: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: Signal): number {
  return 128 + constants.signals[signal]
}
