import { readFileSync } from 'node:fs'

/** Reads files for a configuration and remembers which, and what was in them. */
export interface RecordedReads {
  readFile(path: string): string
  /** Every file somebody tried to read; undefined for those that could not be. */
  readonly texts: ReadonlyMap<string, string | undefined>
}

export function recordReads(): RecordedReads {
  const texts = new Map<string, string | undefined>()
  return {
    texts,
    readFile(path) {
      texts.set(path, undefined)
      const text = readFileSync(path, 'utf8')
      texts.set(path, text)
      return text
    }
  }
}
