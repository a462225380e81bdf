import { stat } from 'node:fs/promises'

export interface FileWatch {
  /** Looks no more. */
  close(): void
}

/**
 * Calls `changed` whenever one of the files has come, gone or changed; once for all that changed between two looks. It looks at
 * them again and again, since what systems tell of changes by themselves is different on each, and nothing on network
 * drives and with the symbolic links by which Kubernetes swaps secrets.
 *
 * @param paths asked before every look
 * @param everyMs milliseconds between two looks
 */
export function watchFiles(paths: () => Iterable<string>, changed: () => void, everyMs = 1000): FileWatch {
  const known = new Map<string, string>()
  let isClosed = false
  let isLooking = false

  async function look(): Promise<void> {
    const states = await Promise.all([...paths()].map(async (path) => [path, await stateOf(path)] as const))
    const news = states.filter(([path, state]) => (known.get(path) ?? state) !== state)
    for (const [path, state] of states) known.set(path, state)
    if (news.length > 0 && !isClosed) changed()
  }

  const lookAgain = (): void => {
    if (isLooking) return
    isLooking = true
    void look().finally(() => {
      isLooking = false
    })
  }

  lookAgain()
  const timer = setInterval(lookAgain, everyMs).unref()
  return {
    close() {
      isClosed = true
      clearInterval(timer)
    }
  }
}

/** Different after every change that matters; a file that cannot be looked at is as good as none. */
async function stateOf(path: string): Promise<string> {
  const facts = await stat(path, { bigint: true }).catch(() => undefined)
  // A pipe changes by being read.
  return facts?.isFile() ? `${facts.ino} ${facts.size} ${facts.mtimeNs}` : 'none'
}
