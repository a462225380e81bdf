import type { FastifyReply } from 'fastify'
import { authorizePages, type Codes } from './authorize.js'
import { type EmulatorClient, findClient } from './clients.js'
import { htmlPage } from './envelope.js'
import { type Grants, readGrant } from './grants.js'
import { createHost, type HostOptions } from './host.js'
import { createLoginSpacing } from './login-spacing.js'
import type { Scenario } from './scenario-schema.js'
import { expiringMap, type IssuedTokens, opaque, type Tokens } from './tokens.js'
import { createTrouble } from './trouble.js'

export interface LoginOptions extends HostOptions {
  settings: Scenario['login']
  clients: EmulatorClient[]
  tokens: Tokens
  random: () => number
}

const tooSoon = 'Rejected by security reason: Login attempts limit exceed.'

/** The login host: `POST /oauth/token`, `/oauth/authorize` and the log-on page that strangers are sent to. */
export function createLogin({ settings, clients, tokens, random, ...options }: LoginOptions) {
  const { now } = options
  const app = createHost(options)
  const trouble = createTrouble(settings.trouble, random)
  const mayLogIn = createLoginSpacing(settings.spacingSeconds, now)
  const codes: Codes = expiringMap(now)
  const grants: Grants = { tokens, codes }

  app.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')
    done(null, new URLSearchParams(isForm ? text.toString() : ''))
  })
  app.addHook('onRequest', trouble.wayIn)
  app.addHook('onRequest', trouble.fail)
  app.addHook('onSend', trouble.wayBack)

  app.post<{ Body: URLSearchParams | undefined }>('/oauth/token', async (request, reply) => {
    const form = request.body ?? new URLSearchParams()
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const client = findClient(clients, request.headers.authorization, form)
    if (!client) return sendToLogOn(reply)
    const grant = readGrant(form, client, grants)
    if ('error' in grant) return reply.code(400).send({ error: grant.error })
    if (grant.foreign) return sendToLogOn(reply)
    if (grant.username && !mayLogIn(grant.username))
      return reply.code(settings.spacingStatus).header('error-message', tooSoon).send('')
    const issued = grant.redeem()
    if (!issued) return reply.code(400).send({ error: 'invalid_grant', error_description: grant.refusal })
    reply.header('set-cookie', [
      `_scglauth_emulator=${opaque(64)}; path=/; secure; HttpOnly`,
      'fb_localization_emulator=en-US; path=/; secure'
    ])
    return tokenAnswer(issued, settings)
  })

  app.register(authorizePages, { clients, codes, form: settings.form })
  app.get('/Account/LogOn', async (_request, reply) =>
    reply.type('text/html').send(htmlPage('Log On', '<h1>Log On</h1>'))
  )
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).type('text/html').send(htmlPage('The resource cannot be found.', '<h1>HTTP 404</h1>'))
  )
  return app
}

// ASP.NET's Forms authentication turns the 401 of a rejected client into this redirect, whatever the grant.
function sendToLogOn(reply: FastifyReply) {
  const target = '/Account/LogOn?ReturnUrl=%2foauth%2ftoken'
  const page = htmlPage('Object moved', `<h2>Object moved to <a href="${target}">here</a>.</h2>`)
  return reply.code(302).header('location', target).type('text/html; charset=utf-8').send(page)
}

function tokenAnswer({ accessToken, refreshToken, expiresIn }: IssuedTokens, settings: Scenario['login']) {
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: settings.expiresIn === 'string' ? String(expiresIn) : expiresIn,
    refresh_token: refreshToken
  }
}
