import { type ReadFile, readFromDisk } from '../config/files.js'

/** Reads files for a configuration and remembers which, and what was in them. */
export interface RecordedReads {
  readonly readFile: ReadFile
  /** Every file somebody tried to read; undefined for those that could not be. */
  readonly texts: ReadonlyMap<string, string | undefined>
}

export function recordReads(): RecordedReads {
  const texts = new Map<string, string | undefined>()
  return {
    texts,
    readFile(path, encoding) {
      texts.set(path, undefined)
      const text = readFromDisk(path, encoding)
      texts.set(path, text)
      return text
    }
  }
}
