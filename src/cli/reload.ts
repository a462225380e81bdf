import { changedPaths } from '../config/difference.js'
import type { Config, Loaded } from '../config/load.js'
import type { Log } from '../telemetry/log.js'
import { watchFiles } from './watch-files.js'

/** What takes effect while the proxy runs; everything else belongs to something that is open: a port, a queue, a connection. */
const live = [
  /^log\.level$/,
  /^shutdown\./,
  /^listeners\[\d+\]\.(access|allowedHosts|allowedOrigins|allowRemote|clientKey|priority|rules\.\w+)$/,
  /^environments\.[^.]+\.credentials\.(clientSecret|username|password)$/,
  /^redis\.(username|password)$/
]

export interface ReloadOptions {
  /** Reads the configuration again, and says which files that took. */
  load(): { loaded: Loaded; files: readonly string[] }
  /** What is in force now, and which files it came from. */
  config: Config
  files: readonly string[]
  /** Puts the live part of it into force, without dropping a call. */
  apply(config: Config): Promise<void>
  log: Log
  /** Milliseconds between two looks at the files. */
  everyMs?: number
}

export interface Reload {
  /** Reads the configuration now, whether or not a file has changed. */
  now(reason: string): void
  close(): void
}

/**
 * Follows the configuration: its file, and the files of secrets it names. One that cannot be used changes nothing: what is in
 * force stays, and the log says what is wrong.
 */
export function createReload({ load, config, files, apply, log, everyMs }: ReloadOptions): Reload {
  let current = config
  let followed = files
  let last: Promise<void> = Promise.resolve()

  async function reload(reason: string): Promise<void> {
    const { loaded, files: read } = load()
    for (const warning of loaded.warnings) log.warn(`configuration: ${warning}`)
    if (!loaded.ok) {
      // A file that is missing for a moment is to be seen when it comes back.
      followed = [...new Set([...followed, ...read])]
      for (const error of loaded.errors) log.error(`configuration: ${error}`)
      log.error(`${reason}: the configuration cannot be used; what was in force stays in force`)
      return
    }
    followed = read
    const changed = changedPaths(current, loaded.config)
    const taken = changed.filter((path) => live.some((pattern) => pattern.test(path)))
    const left = changed.filter((path) => !taken.includes(path))
    await apply(loaded.config)
    if (left.length > 0)
      log.warn({ settings: left }, `${reason}: takes effect only after a restart: ${left.join(', ')}`)
    if (taken.length > 0) log.info({ settings: taken }, `${reason}: now in force: ${taken.join(', ')}`)
    if (changed.length === 0) log.info(`${reason}: nothing in the configuration has changed`)
    current = loaded.config
  }

  const now = (reason: string): void => {
    last = last
      .then(() => reload(reason))
      .catch((err) => void log.error({ err }, `${reason}: the configuration could not be read again`))
  }
  const watch = watchFiles(
    () => followed,
    () => now('a file of the configuration has changed'),
    everyMs
  )
  return { now, close: watch.close }
}
