import type { Option } from './options.js'

/** A stream a command writes to; `columns` is its width when it is a terminal. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

/** A stream a command reads from. */
export type Input = NodeJS.ReadableStream & { isTTY?: boolean }

/** The outside world, as the commands see it. */
export interface Process {
  /** Without node and script. */
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdin: Input
  stdout: Output
  stderr: Output
  cwd: string
  signals: {
    /** Calls the listener each time the process is asked to read its configuration again. */
    onReload(listener: (signal: string) => void): void
    /** Calls the listener each time the process is asked to stop. */
    onStop(listener: (signal: 'SIGTERM' | 'SIGINT') => void): void
  }
  faults: {
    /** Calls the listener with whatever was thrown or rejected where nobody caught it; the process goes on. */
    onUncaught(listener: (error: unknown) => void): void
    /** Calls the listener with what Node would otherwise write to stderr itself. */
    onWarning(listener: (warning: Error) => void): void
  }
  /** Calls the listener when the process ends, be it by an error nobody has caught; it can no longer wait for anything. */
  onExit(listener: () => void): void
}

export interface Command {
  name: string
  /** One line, without a full stop. */
  summary: string
  examples: string[]
  /** Its own flags, which are no settings. */
  options?: readonly Option[]
  /** The words besides flags it takes, for completion. */
  words?: readonly string[]
  /** The keys of the settings it takes, as its help lists them; all of them when undefined. */
  settings?: readonly string[]
  /** `argv` is what follows the command's name. Resolves to the exit code. */
  run(world: Process, argv: readonly string[]): Promise<number>
}
