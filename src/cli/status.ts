import type { Status } from '../admin/status.js'
import { askAdmin } from './ask-admin.js'
import type { Command } from './command.js'
import { json, takeOptions } from './options.js'
import { readConfig } from './read-config.js'

export const status: Command = {
  name: 'status',
  summary: 'tell environment, user, token, session, quota and queue of the running proxy',
  examples: ['sc-proxy status', 'sc-proxy status --json', 'sc-proxy status --admin-port 9081'],
  options: [json],
  settings: ['config', 'admin'],

  /** 0: it is ready for calls; 1: it is not, or cannot be asked. */
  async run(world, argv) {
    const given = takeOptions(world, argv, status.options ?? [])
    const loaded = given && readConfig(world, given.rest, status)
    if (!loaded) return 2
    const { status: code, body } = await askAdmin(loaded.config.admin, 'GET', '/api/status')
    if (code !== 200)
      throw new Error(`The admin listener answered ${code} to /api/status: is it sc-proxy, and as new as this?`)
    const answer = body as Status
    world.stdout.write(given.has('--json') ? `${JSON.stringify(answer, null, 2)}\n` : describe(answer))
    return answer.ready ? 0 : 1
  }
}

/** For a person. */
function describe({ version, uptimeSeconds, ready, reasons, remarks, listeners, environments }: Status): string {
  const lines = [`sc-proxy ${version}, running for ${span(uptimeSeconds)}, ${ready ? 'ready' : 'not ready'}`]
  for (const reason of [...reasons, ...remarks]) lines.push(`  ${reason}`)
  for (const environment of environments) {
    const { name, apiUrl, username, token, session, quota, companyQuota, queue } = environment
    const own = listeners.filter((listener) => listener.environment === name)
    lines.push('', `${name} (${apiUrl})`)
    const row = (label: string, value: string) => lines.push(`  ${label.padEnd(8)} ${value}`)
    for (const { addresses, access } of own) row('listens', `${addresses.join(', ')} (${access})`)
    row('user', username ?? 'whoever logged in')
    row('token', tokenWords(token))
    if (session.endsInSeconds !== null) row('session', `ends in ${span(session.endsInSeconds)}`)
    row('quota', quotaWords(quota))
    if (companyQuota) row('company', quotaWords(companyQuota))
    row(
      'queue',
      queue.waiting === 0 ? 'empty' : `${queue.waiting} waiting, the oldest for ${span(queue.oldestWaitSeconds)}`
    )
  }
  return `${lines.join('\n')}\n`
}

function tokenWords({
  state,
  expiresInSeconds,
  restingForSeconds,
  lastError
}: Status['environments'][number]['token']): string {
  const words = {
    logged_out: 'none, and nothing to log in with: run sc-proxy login',
    none: 'none yet; the first call logs in',
    valid: `valid for ${span(expiresInSeconds ?? 0)}`,
    expired: 'expired; the next call renews it',
    rejected: 'none: the login was rejected and is not tried again',
    resting: `none: the login is tried again in ${span(restingForSeconds ?? 0)}`
  }[state]
  return lastError === null ? words : `${words} (${lastError})`
}

function quotaWords({
  calls,
  windowSeconds,
  limit,
  used,
  free,
  restingForSeconds,
  throttled
}: Status['environments'][number]['quota']): string {
  const lowered = limit < calls ? `, lowered to ${limit}` : ''
  const resting = restingForSeconds > 0 ? `, resting for ${span(restingForSeconds)}` : ''
  const refused = throttled > 0 ? `, ${throttled} refused so far` : ''
  return `${used} of ${calls} in ${windowSeconds} s used${lowered}, ${free} free${resting}${refused}`
}

/** `4 s`, `9 min`, `5 h`, `29 d`. */
function span(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`
}
