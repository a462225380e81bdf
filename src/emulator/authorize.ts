import type { FastifyReply } from 'fastify'
import { type EmulatorClient, findUser } from './clients.js'
import { escapeHtml, htmlPage } from './envelope.js'
import type { Host } from './host.js'
import { type expiringMap, type Owner, opaque } from './tokens.js'

/** Authorization codes that wait to be redeemed, each with the callback the token request must repeat. */
export type Codes = ReturnType<typeof expiringMap<{ owner: Owner; redirectUri: string }>>

export interface AuthorizeOptions {
  clients: EmulatorClient[]
  codes: Codes
  /** False skips the form and logs the client's first user in, for tests without a browser. */
  form: boolean
}

type Query = Record<string, string | undefined>

const codeLifeSeconds = 300

/** `GET /oauth/authorize` (RFC 6749, 4.1.1): a log-in form, and the redirect with a code that follows it. */
export async function authorizePages(app: Host, { clients, codes, form }: AuthorizeOptions) {
  app.get<{ Querystring: Query }>('/oauth/authorize', async (request, reply) => {
    const client = knownClient(request.query)
    if (typeof client === 'string') return badRequest(reply, client)
    const [user] = client.users
    if (!form && user)
      return reply.redirect(callback(request.query, { clientId: client.clientId, username: user.username }))
    return loginForm(reply, request.url)
  })

  app.post<{ Querystring: Query; Body?: URLSearchParams }>('/oauth/authorize', async (request, reply) => {
    const client = knownClient(request.query)
    if (typeof client === 'string') return badRequest(reply, client)
    const user = findUser(client, request.body?.get('username') ?? '', request.body?.get('password') ?? '')
    if (!user) return loginForm(reply, request.url, 'The user name or password is incorrect.')
    return reply.redirect(callback(request.query, { clientId: client.clientId, username: user.username }))
  })

  // A bad client or callback is shown to the person: redirecting there would help an impostor.
  function knownClient(query: Query): EmulatorClient | string {
    const client = clients.find(({ clientId }) => clientId === query.client_id)
    if (!client) return 'The client is not known.'
    const redirectUri = query.redirect_uri ?? ''
    const allowed = client.redirectUris?.includes(redirectUri) ?? /^https?:\/\//i.test(redirectUri)
    if (!allowed || !URL.canParse(redirectUri)) return 'The redirect_uri is not registered for this client.'
    return client
  }

  function callback(query: Query, owner: Owner): string {
    const target = new URL(query.redirect_uri ?? '')
    if (query.response_type === 'code') {
      const code = `${opaque(4)}!IAAAA${opaque(160)}`
      codes.set(code, { owner, redirectUri: query.redirect_uri ?? '' }, codeLifeSeconds)
      target.searchParams.set('code', code)
    } else {
      target.searchParams.set('error', 'unsupported_response_type')
    }
    if (query.state !== undefined) target.searchParams.set('state', query.state)
    return target.href
  }
}

function loginForm(reply: FastifyReply, action: string, problem = '') {
  const fields = [
    `<p>${escapeHtml(problem)}</p>`,
    `<form method="post" action="${escapeHtml(action)}">`,
    '<label>User name <input name="username" autocomplete="username"></label>',
    '<label>Password <input name="password" type="password" autocomplete="current-password"></label>',
    '<button>Log On</button>',
    '</form>'
  ]
  return reply.type('text/html; charset=utf-8').send(htmlPage('Log On', fields.join('\r\n')))
}

function badRequest(reply: FastifyReply, problem: string) {
  return reply
    .code(400)
    .type('text/html; charset=utf-8')
    .send(htmlPage('Bad Request', `<h1>${problem}</h1>`))
}
