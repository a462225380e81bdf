import type { Environment } from '../config/schema.js'
import type { Grant } from '../oauth/grant.js'
import { authorizeInBrowser } from './browser-login.js'
import type { Command, Process } from './command.js'
import { inTurn } from './in-turn.js'
import { openLoginLedger } from './login-ledger.js'
import { openSessionFile } from './open-session.js'
import { type Given, json, secondsOf, takeOptions } from './options.js'
import { forOption, pickEnvironment } from './pick-environment.js'
import { readConfig } from './read-config.js'
import { stateDirOf } from './state-dir.js'
import { secretFrom } from './stdin.js'

export const login: Command = {
  name: 'login',
  summary: 'log in and keep the session in sessionFile, for the proxy, running or not',
  examples: [
    'sc-proxy login --config sc-proxy.jsonc',
    'sc-proxy login --paste --session-file ~/.config/sc-proxy/session',
    'sc-proxy login --username robin.alder --password-stdin < password'
  ],
  options: [
    forOption,
    { flag: '--paste', summary: 'Print the address of the login page, and take the address it leads to by hand.' },
    { flag: '--no-browser', summary: 'Print the address of the login page and open no browser.' },
    { flag: '--password-stdin', summary: 'Log in with the user name, and the password from the standard input.' },
    { flag: '--timeout', takes: 'SECONDS', summary: 'How long to wait for somebody to log in (default 300).' },
    json
  ],

  /** 0: logged in; 1: not logged in, and what was kept before is as it was; 2: bad usage. */
  async run(world, argv) {
    const given = takeOptions(world, argv, login.options ?? [])
    const seconds = given && secondsOf(world, given, '--timeout', 300)
    const loaded = given && seconds !== undefined && readConfig(world, given.rest, login)
    const environment = loaded && pickEnvironment(world, loaded.config, given.get('--for'))
    if (!environment) return 2
    const file = await openSessionFile(environment, true)
    if (!file) {
      world.stderr.write('sc-proxy: there is nowhere to keep the session: name a file with --session-file\n')
      return 2
    }
    const grant = await grantFrom(world, given, environment, seconds * 1000)
    if ('problem' in grant) {
      world.stderr.write(`sc-proxy: ${grant.problem}\n`)
      return grant.isUsage ? 2 : 1
    }
    // What cannot be read is about to be replaced.
    const before = await file.read().catch(() => undefined)
    // Loaded here, so that other commands need not wait for the network's libraries.
    const { logInOnce } = await import('./log-in-once.js')
    const { name, loginUrl, credentials } = environment
    const { stateDir } = loaded.config
    const folder = stateDir === 'none' ? undefined : stateDirOf(stateDir, world)
    const ledger = openLoginLedger(folder, loginUrl, credentials.username ?? credentials.clientId)
    const result = await inTurn(loaded.config, environment, () =>
      logInOnce(loaded.config, environment, grant, { askedAt: before?.askedAt, ledger })
    )
    if (!result.ok) throw new Error(result.message)
    const { refreshToken, askedAt } = result
    if (refreshToken === undefined)
      throw new Error('The login worked, but brought no refresh token: there is nothing to keep.')
    const username = grant.type === 'password' ? grant.username : undefined
    await file.write({ loginUrl, clientId: credentials.clientId, username, refreshToken, loggedInAt: askedAt, askedAt })
    world.stdout.write(
      given.has('--json')
        ? `${JSON.stringify({ environment: name, username, sessionFile: file.path })}\n`
        : `logged in to ${name}; the session is in ${file.path}, and a running proxy takes it up by itself\n`
    )
    return 0
  }
}

type Problem = { problem: string; isUsage: boolean }

async function grantFrom(
  world: Process,
  given: Given,
  environment: Environment,
  timeoutMs: number
): Promise<Grant | Problem> {
  const { username } = environment.credentials
  if (given.has('--password-stdin')) {
    if (given.has('--paste')) return { problem: '--paste and --password-stdin exclude each other', isUsage: true }
    if (username === undefined) return { problem: 'whose password it is must be said, too: --username', isUsage: true }
    const password = await secretFrom(world)
    if (password === undefined) return { problem: 'the standard input holds no password', isUsage: true }
    return { type: 'password', username, password }
  }
  const authorization = await authorizeInBrowser(world, environment, {
    byHand: given.has('--paste'),
    open: !given.has('--no-browser'),
    timeoutMs
  })
  return authorization.ok ? authorization.grant : { problem: authorization.reason, isUsage: false }
}
