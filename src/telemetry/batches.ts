/** Where log lines go. */
export interface Lines {
  write(line: string): void
}

export interface Batches extends Lines {
  /** Writes what is still kept; to be called when the process ends, however it ends. */
  flush(): void
}

/** How long a line may be kept. */
const everyMs = 100
const mostCharacters = 64 * 1024

/**
 * Writes a line at once when it is the only one for a while, and lines that follow each other closely together: to a
 * file every write holds up the whole process.
 */
export function inBatches(stream: NodeJS.WritableStream): Batches {
  let kept = ''
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    if (kept === '') return
    stream.write(kept)
    kept = ''
  }

  function pause(): void {
    // Only what is kept is worth staying alive for.
    timer = setTimeout(() => {
      timer = undefined
      if (kept !== '') pause()
      flush()
    }, everyMs).unref()
  }

  return {
    flush,
    write(line) {
      if (timer === undefined) {
        stream.write(line)
        return pause()
      }
      if (kept === '') timer.ref()
      kept += line
      if (kept.length > mostCharacters) flush()
    }
  }
}
