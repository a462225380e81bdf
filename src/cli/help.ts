import { suggestion } from '../config/nearest.js'
import { settingsHelp, wrap } from '../config/usage.js'
import type { Command, Output } from './command.js'
import type { Option } from './options.js'

/** The `help` command over the others. It lists itself last. */
export function createHelp(others: readonly Command[]): Command {
  const help: Command = {
    name: 'help',
    summary: 'print this, or what a command does and takes',
    examples: ['sc-proxy help', 'sc-proxy help start'],
    settings: [],
    async run({ stdout, stderr }, [name]) {
      const commands = [...others, help]
      const command = commands.find((candidate) => candidate.name === name)
      if (name !== undefined && !command) {
        stderr.write(unknownCommand(name, commands))
        return 2
      }
      stdout.write(command ? commandHelp(command, stdout) : summary(commands))
      return 0
    }
  }
  return help
}

/** What to say when no command is called so. */
export function unknownCommand(word: string, commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name)
  return `sc-proxy: there is no command ${word}${suggestion(word, names) || '; "sc-proxy help" lists them'}\n`
}

/** Examples, commands and settings: what `sc-proxy --help` prints. */
export function overview(commands: readonly Command[], output: Output): string {
  const start = commands.find(({ name }) => name === 'start')
  return `${start ? `${examplesOf(start)}\n` : ''}${summary(commands)}\n${settings(output)}`
}

/** What one command does, examples first, then every setting it takes. */
export function commandHelp(command: Command, output: Output): string {
  const parts = [`sc-proxy ${command.name}: ${command.summary}\n\n${examplesOf(command)}`]
  if (command.options) parts.push(optionsOf(command.options, output))
  if (command.settings?.length !== 0) parts.push(settings(output, command.settings))
  return parts.join('\n')
}

function summary(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`)
  return `Commands:\n${lines.join('')}\n"sc-proxy help COMMAND" tells more; no command means start.\n`
}

const examplesOf = ({ examples }: Command) => `Examples:\n${examples.map((line) => `  ${line}\n`).join('')}`

function optionsOf(options: readonly Option[], { columns = 80 }: Output): string {
  const width = widthOf(columns)
  const lines = options.map(({ flag, takes, choices, summary }) => {
    const label = `  ${flag}${takes === undefined ? '' : ` ${choices?.join('|') ?? takes}`}`
    return label.length < indent && width >= 72
      ? label.padEnd(indent) + wrap(summary, width - indent).join(`\n${' '.repeat(indent)}`)
      : `${label}\n      ${wrap(summary, width - 6).join('\n      ')}`
  })
  return `Options:\n${lines.join('\n')}\n`
}

/** Where the descriptions begin, as in the list of the settings. */
const indent = 38

const widthOf = (columns: number) => Math.min(Math.max(columns, 40), 120)

function settings({ columns = 80 }: Output, keys?: readonly string[]): string {
  const rule =
    'Every setting is a flag (--queue-max-calls 5), an environment variable (SC_PROXY_QUEUE_MAX_CALLS=5) and a key of the configuration file ("queue": { "maxCalls": 5 }); the first of these wins. A secret is never a flag.'
  const width = widthOf(columns)
  return `${wrap(rule, width).join('\n')}\n\n${settingsHelp(width, keys)}`
}
