import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What the calling process is to do. */
export interface Task {
  /** Where it calls, without a path. */
  url: string
  path: string
  connections: number
  seconds: number
}

/** One call. Times are milliseconds since the epoch, with fractions, and so comparable between processes. */
export interface Call {
  from: number
  to: number
  /** No answer, or another than 200. */
  failed: boolean
  /** How long it waited for a token, as the answer says (Server-Timing); in steps of 0.1. */
  tokenMs: number
}

/** Every call of so many connections in so many seconds. They are made by a process that runs on the core of this one. */
export function makeCalls(task: Task): Promise<Call[]> {
  const child = fork(fileURLToPath(new URL('./caller.js', import.meta.url)), [JSON.stringify(task)], {
    serialization: 'advanced'
  })
  return new Promise((resolve, reject) => {
    child.once('message', (calls: Call[]) => resolve(calls))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the calling process ended with ${code}`)))
  })
}
