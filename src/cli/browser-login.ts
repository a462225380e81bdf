import { randomBytes } from 'node:crypto'
import type { Environment } from '../config/schema.js'
import { type Authorization, authorizeUrl, readPasted } from '../oauth/authorization.js'
import type { Grant } from '../oauth/grant.js'
import { canListenAt, listenForCallback } from './callback.js'
import { cannotListen } from './cannot-listen.js'
import type { Process } from './command.js'
import { openBrowser } from './open-browser.js'
import { lineFrom } from './stdin.js'

/** Where the login page leads back to, unless `callbackUrl` says where. It must be registered for the client id. */
export const presetCallbackUrl = 'http://localhost:8089/callback'

export interface BrowserLoginOptions {
  /** Somebody copies the address the login page leads to; so it is, too, when nobody here can listen at the callback URL. */
  byHand: boolean
  /** Whether to open a browser, besides writing the address down. */
  open: boolean
  timeoutMs: number
}

/**
 * Sends a person to the login page and waits for what it leads back with.
 *
 * @throws Error with one sentence when the port of the callback URL cannot be had
 */
export async function authorizeInBrowser(
  world: Pick<Process, 'stdin' | 'stderr'>,
  { loginUrl, credentials }: Pick<Environment, 'loginUrl' | 'credentials'>,
  { byHand, open, timeoutMs }: BrowserLoginOptions
): Promise<{ ok: true; grant: Grant } | { ok: false; reason: string }> {
  const { clientId, callbackUrl: redirectUri = presetCallbackUrl } = credentials
  const state = randomBytes(24).toString('base64url')
  const url = authorizeUrl(loginUrl, clientId, redirectUri, state)
  const authorization = byHand || !canListenAt(redirectUri) ? await pasted() : await answered()
  if (!authorization.ok) return authorization
  return { ok: true, grant: { type: 'authorization_code', code: authorization.code, redirectUri } }

  async function pasted(): Promise<Authorization> {
    world.stderr.write(`Log in here, in any browser on any machine:\n\n  ${url}\n\n`)
    world.stderr.write('It then leads to an address that may not open. Copy that address.\n')
    return readPasted(await lineFrom(world, 'Address: '), state)
  }

  async function answered(): Promise<Authorization> {
    const { hostname, port } = new URL(redirectUri)
    const way = 'as callbackUrl, registered for the client id, or use --paste'
    const callback = await listenForCallback(redirectUri, state, timeoutMs).catch((error) => {
      throw new Error(cannotListen(error, hostname, Number(port), way))
    })
    world.stderr.write(`Log in here, in a browser of this machine (--paste for another):\n\n  ${url}\n\n`)
    if (open) openBrowser(url)
    return callback.answer.finally(() => callback.close())
  }
}
