import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './ask.js'
import { scProxy } from './paths.js'
import { candidateCore, firstAnswer, type Program, startProgram } from './program.js'
import { type ScProxySettings, scProxyFile } from './sc-proxy.js'
import type { Scope } from './scope.js'

/** sc-proxy under observation. */
export interface Subject {
  readonly program: Program
  readonly url: string
  /** Puts one of the probe's questions to it. */
  inquire<T>(question: string): Promise<T>
}

const probe = new URL('./probe.js', import.meta.url).href

/** Starts sc-proxy with a probe in it and waits for its first answer. */
export async function startSubject(
  scope: Scope,
  settings: Omit<ScProxySettings, 'port' | 'folder'>,
  { node, path, method = 'GET', flags = [] }: { node: string; path: string; method?: string; flags?: readonly string[] }
): Promise<Subject> {
  const [port, folder] = [await freePort(), scope.folder()]
  const config = join(folder, 'config.json')
  writeFileSync(config, scProxyFile({ ...settings, port, folder }))
  const program = startProgram({
    command: [node, ...flags, '--import', probe, scProxy, 'start', '--config', config],
    core: candidateCore,
    log: join(folder, 'output.log'),
    messages: true
  })
  scope.defer(() => program.stop())
  const url = `http://127.0.0.1:${port}`
  await firstAnswer(program, { url: url + path, method })
  return {
    program,
    url,
    inquire: (question) =>
      new Promise((resolve) => {
        program.child.once('message', (message: { answer: never }) => resolve(message.answer))
        program.child.send(question)
      })
  }
}
