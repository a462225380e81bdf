import { isCancel, password, select, text } from '@clack/prompts'
import type { Process } from './command.js'

/** Somebody at the keyboard. Every question rejects when they would rather not (Ctrl-C, Escape). */
export interface Person {
  line(question: string, preset?: string): Promise<string>
  /** What is typed shows as dots. */
  secret(question: string): Promise<string>
  choice(question: string, answers: readonly { value: string; label: string }[]): Promise<string>
}

/** Undefined when there is nobody to ask: the standard input is no terminal. */
export function personAt({ stdin, stderr }: Pick<Process, 'stdin' | 'stderr'>): Person | undefined {
  if (!stdin.isTTY) return undefined
  const at = { input: stdin as NodeJS.ReadStream, output: stderr as NodeJS.WriteStream }
  const validate = (value: string | undefined) => (value ? undefined : 'An answer is needed.')
  return {
    line: async (message, preset) =>
      given(await text({ ...at, message, validate, ...(preset && { initialValue: preset }) })),
    secret: async (message) => given(await password({ ...at, message, validate, mask: '•' })),
    choice: async (message, options) => given(await select({ ...at, message, options: [...options] }))
  }
}

function given(answer: string | symbol): string {
  if (isCancel(answer)) throw new Error('Nothing was written.')
  return answer as string
}
