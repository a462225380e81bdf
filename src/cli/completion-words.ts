import { listedSettings } from '../config/usage.js'
import type { Command } from './command.js'

/** A flag as a shell completes it. */
export interface Flag {
  /** `--log-level`. */
  name: string
  summary: string
  /** What may follow: nothing, one of these words, a file, or something no shell can guess. */
  value: 'none' | 'file' | 'any' | readonly string[]
}

/** Everything that may follow a command's name, its own flags first. A secret's flag is only ever refused, so it is not offered. */
export function flagsOf({ options = [], settings }: Command): Flag[] {
  const own = options.map(({ flag, takes, choices, summary }): Flag => {
    const value = takes === undefined ? 'none' : (choices ?? (takes === 'FILE' ? 'file' : 'any'))
    return { name: flag, summary, value }
  })
  const others = listedSettings(settings).flatMap(({ flag: name, schema }): Flag[] => {
    if (name === undefined || schema.writeOnly) return []
    const summary = schema.description ?? ''
    if (schema.type === 'boolean') {
      return [name, name.replace('--', '--no-')].map((name) => ({ name, summary, value: 'none' }))
    }
    return [{ name, summary, value: schema.enum ?? (schema.title?.startsWith('the path of a file') ? 'file' : 'any') }]
  })
  return [...own, ...others, { name: '--help', summary: 'Tell what the command does and takes.', value: 'none' }]
}

/** The words that may follow a command's name and are no flags. */
export function wordsOf(command: Command, commands: readonly Command[]): readonly string[] {
  return command.name === 'help' ? commands.map(({ name }) => name) : (command.words ?? [])
}
