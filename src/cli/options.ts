import { nearest } from '../config/nearest.js'
import type { Process } from './command.js'

/** A flag of one command, beside the settings: it is neither a variable nor a key of the configuration file. */
export interface Option {
  /** `--json`. */
  flag: string
  /** What stands for its value in help: `SECONDS`. Without one the flag stands alone. */
  takes?: string
  /** The only values there are. */
  choices?: readonly string[]
  /** One sentence, with a full stop. */
  summary: string
}

/** What was given of a command's own flags. */
export interface Given {
  has(flag: string): boolean
  /** The last value. */
  get(flag: string): string | undefined
  /** The other arguments, in order: the settings. */
  rest: readonly string[]
}

/** The flag under which every command that tells something tells it to programs. */
export const json: Option = { flag: '--json', summary: 'Print JSON, for programs.' }

/**
 * Takes a command's own flags out of its arguments: `--name`, `--name value` and `--name=value`, the last one counting.
 * Undefined after every error has been written to stderr: the command then ends with exit code 2.
 */
export function takeOptions(
  { stderr }: Pick<Process, 'stderr'>,
  argv: readonly string[],
  options: readonly Option[]
): Given | undefined {
  const values = new Map<string, string>()
  const rest: string[] = []
  const errors: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    const [name = '', inline] = split(argument)
    const option = options.find(({ flag }) => flag === name)
    if (!option) rest.push(argument)
    else if (option.takes === undefined) {
      if (inline !== undefined) errors.push(`${name} takes no value`)
      values.set(name, 'true')
    } else {
      const next = argv[at + 1]
      const value = inline ?? (next === undefined || /^--?[a-z]/i.test(next) ? undefined : argv[++at])
      if (value === undefined || value === '') errors.push(`${name} needs a value`)
      else if (option.choices && !option.choices.includes(value)) {
        const close = nearest(value, option.choices)
        errors.push(
          `${name} must be one of ${option.choices.join(', ')}${close === undefined ? '' : `; did you mean ${close}?`}`
        )
      } else values.set(name, value)
    }
  }
  for (const error of errors) stderr.write(`sc-proxy: ${error}\n`)
  return errors.length > 0 ? undefined : { has: (flag) => values.has(flag), get: (flag) => values.get(flag), rest }
}

function split(argument: string): [string, string?] {
  const at = argument.startsWith('--') ? argument.indexOf('=') : -1
  return at < 0 ? [argument] : [argument.slice(0, at), argument.slice(at + 1)]
}

/** A number of seconds from a flag, or undefined after the error has been written to stderr. */
export function secondsOf(
  { stderr }: Pick<Process, 'stderr'>,
  given: Given,
  flag: string,
  preset: number
): number | undefined {
  const text = given.get(flag) ?? String(preset)
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= 86_400) return seconds
  stderr.write(`sc-proxy: ${flag} must be a number of seconds, up to 86400\n`)
  return undefined
}
