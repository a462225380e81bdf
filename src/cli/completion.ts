import { suggestion } from '../config/nearest.js'
import type { Command } from './command.js'
import { scripts } from './completion-scripts.js'

const shells = Object.keys(scripts)

/** The `completion` command over all others, and itself. */
export function createCompletion(others: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: `write what makes a shell complete commands, flags and values: ${shells.join(', ')}`,
    examples: ['eval "$(sc-proxy completion bash)"', 'sc-proxy completion fish | source'],
    settings: [],
    words: shells,
    async run({ stdout, stderr }, [shell = '', ...rest]) {
      const script = Object.hasOwn(scripts, shell) && rest.length === 0 ? scripts[shell] : undefined
      if (!script) {
        stderr.write(`sc-proxy: completion takes one of ${shells.join(', ')}${suggestion(shell, shells)}\n`)
        return 2
      }
      stdout.write(script(others()))
      return 0
    }
  }
}
