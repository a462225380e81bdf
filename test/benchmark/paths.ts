import { fileURLToPath } from 'node:url'

/** The repository, seen from the compiled benchmark in `build/test/benchmark`. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A file of the benchmark that is not compiled. */
export const source = (file: string): string => `${root}test/benchmark/${file}`

/** The program as it ships. */
export const scProxy = `${root}dist/main.js`
