import type { Test } from 'tap'
import { Agent, request } from 'undici'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/emulator.js'
import { readScenario, type Scenario } from '../../src/emulator/scenario.js'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  json<T = Record<string, unknown>>(): T
}

interface Ask {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS'
  headers?: Record<string, string>
  body?: string | Buffer
}

export interface Overrides extends Omit<EmulatorOptions, 'scenario'> {
  login?: Partial<Scenario['login']>
  api?: Partial<Scenario['api']>
  tls?: Scenario['tls']
}

/** Starts an emulator for one test and speaks to it from outside, over verified TLS, following no redirects. */
export async function visit(t: Test, { login = {}, api = {}, tls = 'TLSv1.2', ...options }: Overrides = {}) {
  const calm = await readScenario('calm')
  const scenario = { ...calm, tls, login: { ...calm.login, ...login }, api: { ...calm.api, ...api } }
  const emulator = await startEmulator({ scenario, ...options })
  const dispatcher = new Agent({ connect: { ca: emulator.ca, rejectUnauthorized: true, maxVersion: tls } })
  t.teardown(async () => {
    await dispatcher.destroy()
    await emulator.close()
  })

  async function ask(url: string, options: Ask = {}): Promise<Answer> {
    const { statusCode, headers, body } = await request(url, { dispatcher, ...options })
    const text = await body.text()
    return { status: statusCode, headers, text, json: () => JSON.parse(text) }
  }

  const requestToken = (form: Record<string, string>, authorization = basic(emulator.credentials)) =>
    ask(`${emulator.loginUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...(authorization && { authorization }) },
      body: new URLSearchParams(form).toString()
    })

  const { username, password } = emulator.credentials
  const logIn = () => requestToken({ grant_type: 'password', username, password })

  /** A caller of the API with a token of its own. */
  async function caller() {
    const token = (await logIn()).json<{ access_token: string }>().access_token
    return (path: string, { headers, ...options }: Ask = {}) =>
      ask(`${emulator.apiUrl}${path}`, { ...options, headers: { authorization: `Bearer ${token}`, ...headers } })
  }

  return { emulator, ask, requestToken, logIn, caller }
}

/** A JSON body to send. */
export function send(method: 'POST' | 'PUT', body: unknown): Ask {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

export function basic({ clientId, clientSecret }: Pick<Emulator['credentials'], 'clientId' | 'clientSecret'>): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
}

/** A clock that stands still until it is advanced. It starts a little after a full second, where rounding shows. */
export function handClock(start = Date.UTC(2026, 4, 4, 15, 0, 0, 250)) {
  let time = start
  return {
    now: () => time,
    advance: (ms: number) => {
      time += ms
    }
  }
}
