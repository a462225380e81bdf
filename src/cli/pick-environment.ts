import type { Config, Environment } from '../config/schema.js'
import type { Process } from './command.js'
import type { Option } from './options.js'

/** Which of several environments is meant. */
export const forOption: Option = {
  flag: '--for',
  takes: 'NAME',
  summary: 'The environment, where the configuration has several.'
}

/** The environment a command is about, or undefined after the error has been written to stderr. */
export function pickEnvironment(
  { stderr }: Pick<Process, 'stderr'>,
  { environments }: Config,
  name: string | undefined
): Environment | undefined {
  const names = Object.keys(environments)
  const picked = name === undefined && names.length === 1 ? names[0] : name
  const environment = picked === undefined ? undefined : environments[picked]
  if (environment) return environment
  const problem =
    names.length === 0
      ? 'the configuration leads to the emulator only, which needs no login: name another with --environment'
      : picked === undefined
        ? `there are several environments, so say which with --for: ${names.join(', ')}`
        : `no listener uses an environment ${picked}; known are ${names.join(', ')}`
  stderr.write(`sc-proxy: ${problem}\n`)
  return undefined
}
