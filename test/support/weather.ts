import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { startProxy, type TestProxyOptions } from './proxy.js'
import { json, type ServerOptions, startServiceChannel } from './servicechannel.js'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface WeatherOptions extends Omit<ServerOptions, 'login' | 'answer'> {
  /** Answers an API call; `{}` by default. */
  answer?: Answer
  /** Seconds a token lives. */
  life?: number
  timeouts?: TestProxyOptions['timeouts']
  connections?: number
  connector?: TestProxyOptions['connector']
}

/** What a client sees, and what the API saw. */
export interface Seen {
  status: number
  /** Of an answer that the proxy made. */
  code: string | null
  retryAfter: string | null
  body: string
  headers: Headers
}

/** A proxy whose clock for tokens stands still until it is moved, before a login host that can be given any behaviour. */
export async function startWeather(t: Test, options: WeatherOptions = {}) {
  const { life = 600, timeouts, connections, connector, answer, ...server } = options
  let issued = 0
  const grantToken = (response: ServerResponse) => {
    issued++
    const token = { access_token: `token-${issued}`, token_type: 'bearer', expires_in: life }
    json(response, 200, { ...token, refresh_token: `re!fresh-${issued}` })
  }
  const login: { answer: (response: ServerResponse, form: URLSearchParams) => void } = { answer: grantToken }
  const servicechannel = await startServiceChannel(t, {
    ...server,
    login: (_request, response, form) => login.answer(response, form),
    answer: (request, response) => (answer ? answer(request, response) : json(response, 200, {}))
  })
  const clock = { ms: 1_000_000 }
  const proxy = await startProxy(t, {
    environment: servicechannel,
    ports: { now: () => clock.ms },
    timeouts: { connectSeconds: 10, headersSeconds: 10, bodySeconds: 10, loginSeconds: 10, ...timeouts },
    ...(connections && { connections }),
    ...(connector && { connector })
  })

  return {
    servicechannel,
    proxy,
    login,
    grantToken,
    /** Seconds pass for tokens, and for nothing else. */
    pass(seconds: number) {
      clock.ms += seconds * 1000
    },
    async ask(path = '/v3/x', init: RequestInit = {}): Promise<Seen> {
      const reply = await fetch(`${proxy.url}${path}`, { redirect: 'manual', ...init })
      const { status, headers } = reply
      const [code, retryAfter] = [headers.get('x-sc-proxy-error'), headers.get('retry-after')]
      return { status, code, retryAfter, headers, body: await reply.text() }
    },
    /** The tokens the API was shown, in order. */
    shown: () => servicechannel.arrivals.map(({ headers }) => headers.authorization?.replace('Bearer ', '')),
    grants: () => servicechannel.logins.map(({ form }) => form.get('grant_type'))
  }
}

/** What both an expired token and a missing right are answered with. */
export function notPermitted(response: ServerResponse): void {
  json(response, 401, { ErrorCodes: [504], ErrorCode: 504, ErrorMessage: 'Rejected by security permissions.' })
}
