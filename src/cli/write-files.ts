import { chmod, open, rm } from 'node:fs/promises'

export interface WrittenFile {
  path: string
  text: string
  isSecret: boolean
}

/** What to say of a file that is there and must not be replaced. */
export const existsAlready = (path: string, flag: string) =>
  `${path} exists already: --force replaces it, ${flag} names another`

/**
 * Writes the files, the secret ones for their owner alone (mode 0600; on Windows the folder decides).
 *
 * @param flag which names other files
 * @throws Error with one sentence when one exists that must not be replaced, or cannot be written
 */
export async function writeFiles(files: readonly WrittenFile[], replace: boolean, flag: string): Promise<void> {
  const made: string[] = []
  for (const { path, text, isSecret } of files) {
    try {
      const file = await open(path, replace ? 'w' : 'wx', isSecret ? 0o600 : 0o644)
      if (!replace) made.push(path)
      try {
        // One that is replaced keeps its mode.
        if (isSecret) await chmod(path, 0o600)
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // All or nothing: half of them would be in the way next time.
      await Promise.all(made.map((path) => rm(path, { force: true })))
      if (code === 'EEXIST') throw new Error(`${existsAlready(path, flag)}.`)
      throw new Error(`${path} cannot be written (${code}).`)
    }
  }
}
