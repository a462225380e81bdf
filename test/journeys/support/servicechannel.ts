import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { Test } from 'tap'
import { makeCertificates } from './certificates.js'

/** Who may log in. All of it is invented. */
export interface Account {
  clientId: string
  clientSecret: string
  username: string
  password: string
}

/** One call as it arrived at the API. */
export interface ApiCall {
  /** When its head arrived, `performance.now()` of this process. */
  readonly at: number
  readonly method: string
  /** Byte for byte. */
  readonly target: string
  /** Name, value, name, value, as they came. */
  readonly headers: readonly string[]
  readonly body: Buffer
  readonly token: 'valid' | 'expired' | 'unknown'
  readonly tlsVersion: string | null
}

/** One request of any kind to the login host. */
export interface LoginCall {
  readonly at: number
  readonly method: string
  readonly path: string
  readonly grant: string | undefined
  /** What it was answered; 0 before that. */
  status: number
}

export interface ServiceOptions {
  accounts?: readonly Account[]
  /** How long a token is good for. */
  tokenSeconds?: number
  /** What `expires_in` says, where it is not the truth. */
  statedSeconds?: number
  /** How long a successful login takes to be answered, in ms. */
  loginTakesMs?: number
  tls?: TlsOptions
  /** Answers a call with a good token. */
  answer?: (call: ApiCall, response: ServerResponse) => void
  /** Answers a token request in another way and returns true, or leaves it. */
  login?: (call: LoginCall, response: ServerResponse, form: URLSearchParams) => boolean
}

export const account: Account = {
  clientId: 'SB.2000000001.7D5A1E52-9F0B-4C0E-8C43-0D6E5B0A9F11',
  clientSecret: '3F7C9A10-55D2-4B7E-A0C6-C1D0E4B7A922',
  username: 'journey.user',
  password: 'not!a&real=pass word+100%'
}

const loginSpacingMs = 5000

/**
 * Login and API of ServiceChannel by its published documentation alone: Basic client authentication, 302 for a wrong
 * client, 400 for a wrong user, one token request per user in five seconds, opaque tokens that end. Writes down whatever
 * arrives.
 */
export async function startServiceChannel(t: Test, options: ServiceOptions = {}) {
  const { accounts = [account], tokenSeconds = 600, statedSeconds = tokenSeconds, loginTakesMs = 0 } = options
  const { ca, cert, key } = await makeCertificates()
  const tls = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    maxHeaderSize: 65_536,
    ...options.tls
  } as const
  const calls: ApiCall[] = []
  const logins: LoginCall[] = []
  const endOfToken = new Map<string, number>()
  const refreshTokens = new Map<string, Account>()
  const lastLogin = new Map<string, number>()

  function api(request: IncomingMessage, response: ServerResponse, body: Buffer, at: number): void {
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const end = endOfToken.get(bearer)
    const token = end === undefined ? 'unknown' : at < end ? 'valid' : 'expired'
    const call = {
      at,
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.rawHeaders,
      body,
      token,
      tlsVersion: (request.socket as TLSSocket).getProtocol()
    } as const
    calls.push(call)
    if (token !== 'valid') notPermitted(response)
    else if (options.answer) options.answer(call, response)
    else json(response, 200, { Id: 1 })
  }

  function login(request: IncomingMessage, response: ServerResponse, body: Buffer, at: number): void {
    const form = new URLSearchParams(body.toString('latin1'))
    const path = request.url ?? ''
    const call: LoginCall = {
      at,
      method: request.method ?? '',
      path,
      grant: form.get('grant_type') ?? undefined,
      status: 0
    }
    logins.push(call)
    response.once('finish', () => {
      call.status = response.statusCode
    })
    if (path !== '/oauth/token' || call.method !== 'POST') response.writeHead(404).end()
    else if (!options.login?.(call, response, form)) grant(request, response, form, at)
  }

  function grant(request: IncomingMessage, response: ServerResponse, form: URLSearchParams, at: number): void {
    const verdict = judge(request.headers.authorization, form, at)
    if (verdict === 'wrong client') toLoginPage(response)
    else if (verdict === 'too soon') tooManyLogins(response)
    else if (verdict === 'wrong user') wrongUser(response)
    else setTimeout(() => handOutTokens(verdict, response, at), loginTakesMs)
  }

  function judge(
    authorization: string | undefined,
    form: URLSearchParams,
    at: number
  ): Account | 'wrong client' | 'too soon' | 'wrong user' {
    const basic = /^Basic (\S+)$/.exec(authorization ?? '')?.[1] ?? ''
    const [clientId = '', clientSecret = ''] = Buffer.from(basic, 'base64').toString().split(/:(.*)/s)
    const clients = accounts.filter((each) => each.clientId === clientId && each.clientSecret === clientSecret)
    if (clients.length === 0) return 'wrong client'
    const known = refreshTokens.get(form.get('refresh_token') ?? '')
    const username = form.get('username') ?? known?.username ?? ''
    if (at - (lastLogin.get(username) ?? Number.NEGATIVE_INFINITY) < loginSpacingMs) return 'too soon'
    lastLogin.set(username, at)
    if (form.get('grant_type') === 'refresh_token') return known ?? 'wrong user'
    const password = form.get('password')
    return clients.find((each) => each.username === username && each.password === password) ?? 'wrong user'
  }

  function handOutTokens(user: Account, response: ServerResponse, at: number): void {
    const accessToken = `AAEAA${randomBytes(375).toString('base64url')}`
    const refreshToken = `Jq7c!IAAAA${randomBytes(240).toString('base64url')}`
    endOfToken.set(accessToken, at + tokenSeconds * 1000)
    refreshTokens.set(refreshToken, user)
    json(response, 200, {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: statedSeconds,
      refresh_token: refreshToken
    })
  }

  return {
    apiUrl: await open(t, https.createServer(tls, reading(api))),
    loginUrl: await open(t, https.createServer(tls, reading(login))),
    /** The authority its certificates are signed by. */
    caFile: writeTemporary(t, ca),
    calls,
    /** Everything that came to the login host. */
    logins,
    /** Every token that was ever handed out, of both kinds. */
    tokens: () => [...endOfToken.keys(), ...refreshTokens.keys()]
  }
}

export type ServiceChannel = Awaited<ReturnType<typeof startServiceChannel>>

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {}
): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body))
}

/** What both an expired token and a missing right are answered with. */
export function notPermitted(response: ServerResponse): void {
  json(response, 401, { ErrorCodes: [504], ErrorCode: 504, ErrorMessage: 'Rejected by security permissions.' })
}

export function wrongUser(response: ServerResponse): void {
  json(response, 400, { error: 'invalid_grant', error_description: 'Invalid credentials.' })
}

/** 503 is what it was before 2019. */
export function tooManyLogins(response: ServerResponse, status: 429 | 503 = 429): void {
  const message = 'Rejected by security reason: Login attempts limit exceed.'
  response.writeHead(status, { 'Error-Message': message, 'Content-Length': '0' }).end()
}

export function toLoginPage(response: ServerResponse): void {
  response.writeHead(302, { Location: '/Account/LogOn?ReturnUrl=%2foauth%2ftoken', 'Content-Length': '0' }).end()
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer, at: number) => void

function reading(handle: Handler) {
  return async (request: IncomingMessage, response: ServerResponse) => {
    const at = performance.now()
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return // the sender left
    }
    handle(request, response, Buffer.concat(chunks), at)
  }
}

function writeTemporary(t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-journey-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, text)
  return file
}

async function open(t: Test, server: https.Server): Promise<string> {
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://localhost:${(server.address() as AddressInfo).port}`
}
