import { spawn } from 'node:child_process'
import { source } from './paths.js'
import { loadCore } from './program.js'
import { needTool } from './tools.js'
import type { Shape } from './upstream.js'

export interface Load {
  /** Where it goes, without a path. */
  url: string
  shape: Shape
  connections: number
  seconds: number
  /** Sent as Bearer token: only for the way without a proxy. */
  token?: string
}

export interface LoadResult {
  requests: number
  perSecond: number
  /** Latencies in microseconds. */
  p50: number
  p99: number
  /** Connections that failed and answers other than 2xx or 3xx. */
  errors: number
}

/**
 * wrk on the core of the load, each connection asking again as soon as it is answered. Seconds must be whole.
 *
 * @throws Error with what wrk says when it cannot run
 */
export function load({ url, shape, connections, seconds, token }: Load): Promise<LoadResult> {
  const wrk = needTool('wrk')
  const command = [wrk.path, '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '120s', '-s', source('load.lua')]
  const what = [`${url}${shape.path}`, '--', shape.method, String(shape.sends), token ?? '-']
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', String(loadCore), ...command, ...what], {
      env: { PATH: process.env.PATH ?? '', ...wrk.env }
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', reject)
    child.once('close', () => {
      const result = /^RESULT (.*)$/m.exec(output)?.[1]
      if (result === undefined) return reject(new Error(`wrk failed: ${output}`))
      const { requests, microseconds, p50, p99, errors } = JSON.parse(result)
      resolve({ requests, perSecond: (requests / microseconds) * 1e6, p50, p99, errors })
    })
  })
}
