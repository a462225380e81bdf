import { ProxyError } from '../errors.js'
import { readOnlyPosts } from '../servicechannel/read-only-posts.js'
import type { Call } from './call.js'
import { createClientKeyCheck } from './client-key.js'
import { createHostCheck } from './host.js'
import { compileRules } from './rules.js'
import { canonicalPath } from './target.js'

export interface GuardOptions {
  /** The name or address the listener was asked to bind. */
  host: string
  access: 'read-write' | 'read-only'
  /** Host names by which clients may call the listener, besides the loopback names and its own address. */
  allowedHosts: readonly string[]
  /** Origins of web pages that may use the listener. */
  allowedOrigins: readonly string[]
  clientKey?: string
  /** With `allow` rules only what matches one may pass; `deny` rules win. */
  rules: { allow: readonly string[]; deny: readonly string[] }
  /** The environment's API host: a client may name it in an absolute-form target. */
  apiHost: string
}

export type Guard = (call: Call) => void

/**
 * Decides who may come in, before a place in the queue or a token is spent on anybody.
 *
 * @throws ProxyError with the status and the sentence for whoever may not
 */
export function createGuard(options: GuardOptions): Guard {
  const isOurs = createHostCheck(options.host, options.allowedHosts)
  const hasKey = createClientKeyCheck(options.clientKey)
  const isAllowed = compileRules(options.rules.allow)
  const isDenied = compileRules(options.rules.deny)

  return (call) => {
    checkTarget(call)
    checkOrigin(call)
    if (!hasKey(call.request)) {
      throw new ProxyError(
        'client_key_required',
        'This listener wants its client key, in x-sc-proxy-key or as Bearer token.'
      )
    }
    if (options.access === 'read-only' && !onlyReads(call)) {
      throw new ProxyError('read_only', `This listener is read-only: ${call.method} could change something.`)
    }
    checkRules(call)
  }

  function checkTarget({ form, authority, request }: Call): void {
    if (authority === undefined) return
    if (isOurs(authority, request.socket.localAddress)) return
    if (form === 'absolute' && withoutPort(authority) === options.apiHost.toLowerCase()) return
    if (form === 'absolute')
      throw new ProxyError('target_not_allowed', `This listener forwards to ${options.apiHost} only.`)
    throw new ProxyError(
      'host_not_allowed',
      'The Host header names neither this machine nor a name in allowedHosts. If it is a name of this proxy, add it there.'
    )
  }

  /** A page somewhere on the web must not be able to call ServiceChannel through the browser of somebody here. */
  function checkOrigin(call: Call): void {
    const { origin, 'sec-fetch-site': site } = call.request.headers
    if (origin !== undefined) {
      if (call.authority !== undefined && origin === `http://${call.authority}`) return
      if (options.allowedOrigins.includes(origin)) {
        call.page = origin
        return
      }
      throw new ProxyError(
        'origin_not_allowed',
        'The page that made this request is not of this proxy. If it is yours, add its origin to allowedOrigins.'
      )
    }
    if (site === undefined || site === 'none' || site === 'same-origin') return
    throw new ProxyError(
      'origin_not_allowed',
      'A page of another site led here. Type the address, or add the page to allowedOrigins.'
    )
  }

  function checkRules({ method, target }: Call): void {
    if (options.rules.deny.length > 0 && (isDenied(method, target) || canonicalPath(target) === undefined)) {
      throw new ProxyError('rule_denied', `A deny rule of this listener matches ${method} and this path.`)
    }
    if (options.rules.allow.length > 0 && !isAllowed(method, target)) {
      throw new ProxyError('rule_denied', `No allow rule of this listener matches ${method} and this path.`)
    }
  }
}

const isReadOnlyPost = compileRules(readOnlyPosts.flatMap((path) => [`POST ${path}`, `POST /v*${path}`]))

function onlyReads({ method, target, request }: Call): boolean {
  if (request.headers['x-http-method-override'] !== undefined || request.headers['x-http-method'] !== undefined)
    return false
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || isReadOnlyPost(method, target)
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d*$/, '').toLowerCase()
}
