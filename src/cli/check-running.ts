import http from 'node:http'
import type { Status } from '../admin/status.js'
import type { Config } from '../config/schema.js'
import { dialled } from '../host.js'
import { describeCall, probePath } from './check-call.js'
import type { Finding } from './finding.js'

type Running = Status['environments'][number]

/**
 * Where a proxy runs, it has the login: a second one beside it could come too soon after its own, and a password it was refused
 * must not be tried again.
 */
export async function checkRunning(config: Config, running: Running, status: Status): Promise<Finding[]> {
  const { name, token, quota, queue } = running
  const user = { check: 'user', subject: name }
  if (token.state === 'rejected') {
    const advice =
      'Correct the credentials and start the proxy again, or run sc-proxy login; it is not tried again meanwhile.'
    return [{ ...user, status: 'wrong', found: 'the running proxy was rejected', advice }]
  }
  if (token.state === 'logged_out') {
    return [
      { ...user, status: 'wrong', found: 'the running proxy has nothing to log in with', advice: 'Run sc-proxy login.' }
    ]
  }
  const findings: Finding[] = []
  if (token.state === 'resting')
    findings.push({
      ...user,
      status: 'wrong',
      found: `the login of the running proxy rests (${token.lastError})`,
      advice: 'Its log says why.'
    })
  else {
    const call = await callThrough(config, name, status)
    const found = `the running proxy logs in as ${running.username ?? 'whoever logged in'}`
    if (call.status !== 'wrong') findings.push({ ...user, status: 'ok', found })
    findings.push(call)
  }
  const isTight = quota.free === 0 || quota.restingForSeconds > 0 || quota.limit < quota.calls
  findings.push({
    check: 'quota',
    subject: name,
    status: isTight ? 'warning' : 'ok',
    found: `${quota.used} of ${quota.calls} calls in ${quota.windowSeconds} s used, ${quota.limit} in force, ${queue.waiting} waiting`,
    advice: isTight
      ? 'Calls wait for their place; another program may be using the same client id or company.'
      : undefined
  })
  return findings
}

/** Through the running proxy, so that the call has its turn in the quota. */
async function callThrough({ listeners }: Config, name: string, { listeners: open }: Status): Promise<Finding> {
  const address = open.find(({ environment }) => environment === name)?.addresses[0]
  const clientKey = listeners.find(({ environment }) => environment === name)?.clientKey
  if (address === undefined) return { check: 'call', subject: name, status: 'skipped', found: 'no listener serves it' }
  const headers = clientKey === undefined ? {} : { 'x-sc-proxy-key': clientKey }
  return new Promise((resolve) => {
    const asking = http.get(
      { ...dialled(address), path: probePath, headers, agent: false, timeout: 130_000 },
      (answer) => {
        answer.resume()
        const { statusCode = 0, headers } = answer
        const code = headers['x-sc-proxy-error']
        if (code === undefined) resolve(describeCall(name, statusCode))
        else
          resolve({
            check: 'call',
            subject: name,
            status: 'wrong',
            found: `the proxy answered ${statusCode} ${code}`,
            advice: 'Its log says more.'
          })
      }
    )
    asking.once('timeout', () => asking.destroy(new Error('no answer in time')))
    asking.once('error', ({ message }) => resolve({ check: 'call', subject: name, status: 'wrong', found: message }))
  })
}
