import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What was begun and has to be undone, whatever happens. */
export interface Scope {
  /** Runs `undo` at the end; the last deferred runs first. */
  defer(undo: () => unknown): void
  /** A folder that is removed at the end. */
  folder(): string
  close(): Promise<void>
}

export function createScope(): Scope {
  const undos: (() => unknown)[] = []
  return {
    defer: (undo) => void undos.push(undo),
    folder() {
      const path = mkdtempSync(join(tmpdir(), 'sc-proxy-benchmark-'))
      undos.push(() => rmSync(path, { recursive: true, force: true }))
      return path
    },
    async close() {
      for (let undo = undos.pop(); undo; undo = undos.pop()) await undo()
    }
  }
}

/** Runs a whole benchmark and cleans up after it, also when it fails or is interrupted. */
export async function withScope(run: (scope: Scope) => Promise<void>): Promise<void> {
  const scope = createScope()
  const interrupted = async () => {
    await scope.close()
    process.exit(130)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    await run(scope)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  } finally {
    await scope.close()
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
  }
}
