/** Where log lines go. */
export interface Lines {
  write(line: string): void
}

export interface Batches extends Lines {
  /** Writes what is still kept, and from now on every line at once; to be called when the process ends, however it ends. */
  end(): void
}

/** How long a line may be kept. */
const everyMs = 100
const batchBytes = 64 * 1024

/**
 * Writes a line at once when it is the only one for a while, and lines that follow each other closely together: to a
 * file every write holds up the whole process. They are kept as bytes, since strings that are kept for so long are moved
 * about by the garbage collector.
 */
export function inBatches(stream: NodeJS.WritableStream): Batches {
  const kept = Buffer.allocUnsafeSlow(batchBytes)
  let length = 0
  let timer: NodeJS.Timeout | undefined
  let hasEnded = false

  function flush(): void {
    if (length === 0) return
    // A copy: a pipe may be slow to take it.
    stream.write(Buffer.from(kept.subarray(0, length)))
    length = 0
  }

  function pause(): void {
    // Only what is kept is worth staying alive for.
    timer = setTimeout(() => {
      timer = undefined
      if (length > 0) pause()
      flush()
    }, everyMs).unref()
  }

  function keep(line: string): void {
    // No letter of UTF-16 takes more than three bytes of UTF-8.
    if (length + line.length * 3 > batchBytes) flush()
    if (line.length * 3 > batchBytes) stream.write(line)
    else length += kept.write(line, length)
  }

  return {
    end() {
      hasEnded = true
      flush()
    },
    write(line) {
      if (hasEnded) return void stream.write(line)
      if (timer === undefined) {
        stream.write(line)
        return pause()
      }
      if (length === 0) timer.ref()
      keep(line)
    }
  }
}
