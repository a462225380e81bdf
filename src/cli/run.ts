import type { Command, Output, Process } from './command.js'
import { commandHelp, overview, unknownCommand } from './help.js'
import { versionLine } from './version.js'

export type { Command, Process } from './command.js'

/**
 * Runs the command the first word names, `start` when there is none. Resolves to the exit code: 2 for a command that
 * does not exist, 1 when the command itself fails in a way it has not foreseen.
 */
export async function run(world: Process, commands: readonly Command[]): Promise<number> {
  const [first = '', ...others] = world.argv
  const named = first !== '' && !first.startsWith('-')
  const word = named ? first : 'start'
  const command = commands.find(({ name }) => name === word)
  const argv = named ? others : world.argv
  if (!command) {
    world.stderr.write(unknownCommand(word, commands))
    return 2
  }
  const { stdout } = world
  if (asks(argv, '--help', '-h')) return say(stdout, named ? commandHelp(command, stdout) : overview(commands, stdout))
  if (asks(argv, '--version', '-V', '-v')) return say(stdout, versionLine())
  try {
    return await command.run(world, argv)
  } catch (error) {
    world.stderr.write(`sc-proxy: ${error instanceof Error ? error.message : 'the command failed'}\n`)
    return 1
  }
}

const asks = (argv: readonly string[], ...flags: string[]) => argv.some((argument) => flags.includes(argument))

function say(stdout: Output, text: string): number {
  stdout.write(text)
  return 0
}
