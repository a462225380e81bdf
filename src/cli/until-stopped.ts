import type { Process } from './command.js'

/** Resolves with the name of the first signal to stop. `again` is called for each one after it. */
export function untilStopped({ signals }: Pick<Process, 'signals'>, again = (): void => {}): Promise<string> {
  return new Promise((resolve) => {
    let isFirst = true
    signals.onStop((signal) => {
      if (isFirst) resolve(signal)
      else again()
      isFirst = false
    })
  })
}
