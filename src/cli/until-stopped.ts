import { constants } from 'node:os'
import type { Process } from './command.js'

type Signal = 'SIGTERM' | 'SIGINT'

/** The two times a process can be asked to stop: the first is a request, the second an order. */
export interface Stopping {
  readonly asked: Promise<Signal>
  readonly insisted: Promise<Signal>
}

/** Listens from now on. */
export function untilStopped({ signals }: Pick<Process, 'signals'>): Stopping {
  const steps: ((signal: Signal) => void)[] = []
  const step = () => new Promise<Signal>((resolve) => steps.push(resolve))
  const stopping = { asked: step(), insisted: step() }
  signals.onStop((signal) => steps.shift()?.(signal))
  return stopping
}

/** What a shell reports of a process that a signal ended: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: Signal): number {
  return 128 + constants.signals[signal]
}
