import { ProxyError } from '../errors.js'
import { createHostCheck } from '../host.js'
import { readOnlyPosts } from '../servicechannel/read-only-posts.js'
import type { Call } from './call.js'
import { createClientKeyCheck } from './client-key.js'
import { isPreflight } from './preflight.js'
import { compileRules } from './rules.js'
import { isStandInLogin } from './stand-in-login.js'
import { canonicalPath } from './target.js'

export interface GuardOptions {
  /** The name or address the listener was asked to bind. */
  host: string
  access: 'read-write' | 'read-only'
  /** Host names by which clients may call the listener, besides the loopback names and its own address. */
  allowedHosts: readonly string[]
  /** Origins of web pages that may use the listener. */
  allowedOrigins: readonly string[]
  /** Whether an origin is the proxy's own, whose pages may use the listener, too; none is by default. */
  isOwnPage?: (origin: string) => boolean
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
    // A browser asks without a key, and what it asks for is looked at when it comes (Fetch standard, CORS preflight).
    if (isPreflight(call)) return
    if (!hasKey(call.request)) {
      throw new ProxyError(
        'client_key_required',
        'This listener wants its client key: in x-sc-proxy-key, as Bearer token or as Basic password.'
      )
    }
    // The stand-in login is answered here and changes nothing: who may only read may have to log in, too.
    if (!isStandInLogin(call)) checkAccess(call)
    checkDenied(call)
  }

  function checkTarget({ form, authority, request }: Call): void {
    if (authority === undefined) return
    if (isOurs(authority, request.socket.localAddress)) return
    if (form === 'absolute' && withoutPort(authority) === options.apiHost.toLowerCase()) return
    if (form === 'absolute') {
      throw new ProxyError(
        'target_not_allowed',
        `This listener forwards to ${options.apiHost} only and is no forward proxy: make its own address the base URL.`
      )
    }
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
      if (options.allowedOrigins.includes(origin) || options.isOwnPage?.(origin)) {
        call.page = origin
        return
      }
      throw new ProxyError(
        'origin_not_allowed',
        'A web page of another origin made this request. If the page is yours, add its origin to allowedOrigins.'
      )
    }
    if (site === undefined || site === 'none' || site === 'same-origin') return
    throw new ProxyError(
      'origin_not_allowed',
      'A web page of another origin led here. Type the address yourself, or add the origin of the page to allowedOrigins.'
    )
  }

  function checkAccess(call: Call): void {
    const { method, target } = call
    const change = options.access === 'read-only' ? possibleChange(call) : undefined
    if (change) throw new ProxyError('read_only', `This listener is read-only: ${change} could change something.`)
    if (options.rules.allow.length > 0 && !isAllowed(method, target)) {
      throw new ProxyError('rule_denied', `No allow rule of this listener matches ${method} and this path.`)
    }
  }

  function checkDenied({ method, target }: Call): void {
    if (options.rules.deny.length > 0 && (isDenied(method, target) || canonicalPath(target) === undefined)) {
      throw new ProxyError('rule_denied', `A deny rule of this listener matches ${method} and this path.`)
    }
  }
}

const isReadOnlyPost = compileRules(readOnlyPosts.flatMap((path) => [`POST ${path}`, `POST /v*${path}`]))

/** Headers by which a client may mean another method than it sends. */
const overrides = ['x-http-method-override', 'x-http-method']

/** What about a call could change something at ServiceChannel, if anything could. */
function possibleChange({ method, target, request }: Call): string | undefined {
  const override = overrides.find((name) => request.headers[name] !== undefined)
  if (override) return override
  const onlyReads = ['GET', 'HEAD', 'OPTIONS'].includes(method) || isReadOnlyPost(method, target)
  return onlyReads ? undefined : method
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d*$/, '').toLowerCase()
}
