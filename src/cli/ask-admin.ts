import http from 'node:http'
import type { Config } from '../config/schema.js'
import { authorityOf, callable } from '../host.js'

export interface AdminAnswer {
  status: number
  /** The JSON it sent; undefined when that was none. */
  body: unknown
}

const mostMs = 5000

/**
 * Asks the admin listener of the running proxy, as the same configuration has it.
 *
 * @throws Error with one sentence: there is no admin listener, or nothing answers, and what to do
 */
export async function askAdmin(admin: Config['admin'], method: 'GET' | 'POST', path: string): Promise<AdminAnswer> {
  if (!admin.enabled) throw new Error('The admin listener is turned off (admin.enabled), so nobody can be asked.')
  if (admin.port === 0) throw new Error('admin.port is 0, a free port: pass the one it got with --admin-port.')
  const { host, port } = { host: callable(admin.host), port: admin.port }
  return new Promise((resolve, reject) => {
    const place = authorityOf(host, port)
    const fail = (reason: string) =>
      reject(
        new Error(`Nothing usable answers at ${place} (${reason}): is sc-proxy running, and is this its --admin-port?`)
      )
    const asking = http.request({ host, port, method, path, agent: false, timeout: mostMs }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.once('error', ({ message }) => fail(message))
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: parsed(Buffer.concat(chunks)) }))
    })
    asking.once('timeout', () => asking.destroy(Object.assign(new Error('time-out'), { code: 'no answer in time' })))
    asking.once('error', ({ code, message }: NodeJS.ErrnoException) => fail(code ?? message))
    asking.end()
  })
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
