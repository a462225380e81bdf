import { Readable, Writable } from 'node:stream'
import type { Process } from '../../src/cli/run.js'

/** A process made of memory: what was written can be read back. */
export function processWith(given: Partial<Pick<Process, 'argv' | 'env' | 'cwd' | 'stdin'>> & { columns?: number }) {
  const sink = () => {
    const chunks: string[] = []
    const stream = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(String(chunk))
        done()
      }
    })
    return { stream: Object.assign(stream, { columns: given.columns }), text: () => chunks.join('') }
  }
  const [out, err] = [sink(), sink()]
  const process: Process = {
    argv: [],
    env: {},
    cwd: '/here',
    stdin: Readable.from([]),
    signals: { onStop() {}, onReload() {} },
    onExit() {},
    faults: { onUncaught() {}, onWarning() {} },
    ...given,
    stdout: out.stream,
    stderr: err.stream
  }
  return { process, stdout: out.text, stderr: err.text }
}
