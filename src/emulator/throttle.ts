import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerOf } from './bearer.js'
import { type CallWindow, createCallWindow } from './call-window.js'
import type { QuotaSettings, Scenario } from './scenario-schema.js'

export interface ThrottleOptions {
  settings: Scenario['api']
  now: () => number
  random: () => number
}

/**
 * ServiceChannel's call limits (Basics: Throttling): one window per client id and one per company. A call that finds
 * either full gets the documented body and a Retry-After that is an HTTP date. Returns two hooks: `limit` for onRequest
 * and `pace` for onSend, which sometimes puts a Retry-After on a success, as ServiceChannel does for slow requests.
 */
export function createThrottle({ settings, now, random }: ThrottleOptions) {
  const applications = perKey(settings.quota)
  const companies = perKey(settings.companyQuota)

  async function limit(request: FastifyRequest, reply: FastifyReply) {
    const { clientId } = callerOf(request)
    const arrived = now()
    const application = applications(clientId)
    const company = companies(companyOf(clientId))
    const refusedBy = [application, company].find((window) => window.freeAt(arrived) > arrived)
    application.record(arrived, !refusedBy)
    company.record(arrived, !refusedBy)
    if (!refusedBy) return
    const reason =
      refusedBy === application ? reasonFor('Application', settings.quota) : reasonFor('Company', settings.companyQuota)
    return reply
      .code(settings.throttleStatus)
      .header('retry-after', httpDate(refusedBy.freeAt(arrived)))
      .type('application/json; charset=utf-8')
      .send(`{"Reason": "${reason}"}`)
  }

  async function pace(_request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const { share, seconds } = settings.pacing
    if (share > 0 && reply.statusCode < 300 && random() < share) {
      reply.header('retry-after', httpDate(now() + seconds * 1000))
    }
    return payload
  }

  return { limit, pace }
}

function perKey(quota: QuotaSettings): (key: string) => CallWindow {
  const windows = new Map<string, CallWindow>()
  return (key) => {
    const window = windows.get(key) ?? createCallWindow(quota)
    windows.set(key, window)
    return window
  }
}

// The number in SB.<subscriber>.<guid> or PR.<provider>.<guid>; a client id of another shape is its own company.
function companyOf(clientId: string): string {
  return /^(?:SB|PR)\.(\d+)\./i.exec(clientId)?.[1] ?? clientId
}

// ServiceChannel counts by the minute. A window of another length, made for a short test, is named in seconds, so that
// nobody reads a wrong limit out of the text.
function reasonFor(type: 'Application' | 'Company', { calls, windowSeconds }: QuotaSettings): string {
  const period = windowSeconds % 60 === 0 ? `[${windowSeconds / 60}] minute` : `[${windowSeconds}] second`
  return `Request has been throttled. Your current ${type} limit is [${calls}] per ${period}`
}

/** An HTTP date (RFC 9110, 5.6.7). It has whole seconds only and is rounded up: earlier would still be refused. */
function httpDate(time: number): string {
  return new Date(Math.ceil(time / 1000) * 1000).toUTCString()
}
