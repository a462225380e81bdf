import { setTimeout as pause } from 'node:timers/promises'

/** Resolves as soon as the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(10)
}
