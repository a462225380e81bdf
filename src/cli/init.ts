import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ReadFile, readFromDisk } from '../config/files.js'
import { type Config, loadConfig } from '../config/load.js'
import type { Environment } from '../config/schema.js'
import { spacingMs } from '../oauth/governor.js'
import { authorizeInBrowser } from './browser-login.js'
import type { Command, Process } from './command.js'
import { firstAnswers, initOptions, UsageError } from './init-answers.js'
import { type Answers, filesFor } from './init-files.js'
import { openKeyring } from './keyring.js'
import type { LoginResult } from './log-in-once.js'
import { openSessionFile } from './open-session.js'
import { type Given, takeOptions } from './options.js'
import type { Person } from './prompts.js'
import { existsAlready, writeFiles } from './write-files.js'

/** What tests put in the place of a terminal and of time. */
export interface InitPorts {
  /** Finds whom to ask. */
  meet?: (world: Process) => Promise<Person | undefined>
  pause?: (ms: number) => Promise<unknown>
}

export function createInit({ meet = meetAtTerminal, pause = sleep }: InitPorts = {}): Command {
  return {
    name: 'init',
    summary: 'ask for what is needed, try it, and write a configuration file',
    examples: [
      'sc-proxy init',
      'sc-proxy init --environment sandbox2 --client-id SB.2014900001.… --client-secret-file secret --browser',
      'SC_PROXY_CLIENT_SECRET=… SC_PROXY_PASSWORD=… sc-proxy init --client-id SB.2014900001.… --username robin.alder --no-check'
    ],
    options: initOptions,
    settings: [],

    /** 0: written; 1: the login does not work, and nothing was written; 2: something is missing, or bad usage. */
    async run(world, argv) {
      const given = takeOptions(world, argv, initOptions)
      if (!given) return 2
      if (given.rest.length > 0) {
        world.stderr.write('sc-proxy: init takes only the flags that "sc-proxy help init" lists\n')
        return 2
      }
      try {
        await setUp(world, given, await meet(world), pause)
        return 0
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        world.stderr.write(`sc-proxy: ${error.message}\n`)
        return 2
      }
    }
  }
}

export const init = createInit()

async function meetAtTerminal(world: Process): Promise<Person | undefined> {
  // Loaded here, so that other commands need not wait for it.
  const { personAt } = await import('./prompts.js')
  return personAt(world)
}

async function setUp(
  world: Process,
  given: Given,
  person: Person | undefined,
  pause: (ms: number) => Promise<unknown>
): Promise<void> {
  const output = resolve(world.cwd, given.get('--output') ?? 'sc-proxy.jsonc')
  if (existsSync(output) && !given.has('--force')) {
    throw new UsageError(existsAlready(output, '--output'))
  }
  const inEnvironment = given.get('--secrets') === 'environment'
  let answers = await firstAnswers(world, given, person)
  if (answers.keepsSession && (await openKeyring()) === undefined) {
    answers.sessionKey = inEnvironment ? world.env.SC_PROXY_SESSION_KEY : randomBytes(32).toString('base64')
    if (!answers.sessionKey)
      throw new UsageError('there is no keyring here, so put a random key into SC_PROXY_SESSION_KEY')
  }
  let session: { environment: Environment; result: LoginResult } | undefined

  while (!given.has('--no-check')) {
    const { config, environment } = tryOut(output, answers, world.env)
    const result = await attempt(world, given, config, environment)
    if (result.ok) {
      session = { environment, result }
      break
    }
    world.stderr.write(`sc-proxy: ${result.message}\n`)
    const again = person && (await corrected(person, answers, result.kind))
    if (!again) throw new Error('Nothing was written. --no-check writes without trying.')
    answers = again
    // One login in five seconds, whoever asks.
    await pause(spacingMs)
  }

  const files = filesFor(output, answers, inEnvironment)
  await writeFiles(files, given.has('--force'), '--output')
  if (session && answers.keepsSession) await keep(session.environment, session.result)
  world.stdout.write(
    given.has('--json')
      ? `${JSON.stringify({ files: files.map(({ path }) => path) })}\n`
      : goodbye(files, output, inEnvironment)
  )
}

/** The settings as the proxy will see them; the secrets not from their files yet. */
function tryOut(output: string, answers: Answers, env: Process['env']): { config: Config; environment: Environment } {
  const files = new Map(filesFor(output, answers, false).map(({ path, text }) => [path, text]))
  const readFile: ReadFile = (path, encoding) => files.get(path) ?? readFromDisk(path, encoding)
  // Of the variables only those that say how to get out: the others may not be there when the proxy starts.
  const network = Object.entries(env).filter(([name]) => /^(https|no)_proxy$/i.test(name))
  const loaded = loadConfig({ argv: ['--config', output], env: Object.fromEntries(network), readFile })
  const environment = loaded.ok ? loaded.config.environments[answers.environment] : undefined
  if (!loaded.ok || !environment)
    throw new UsageError(loaded.ok ? 'there is no such environment' : loaded.errors.join('\n'))
  return { config: loaded.config, environment }
}

async function attempt(world: Process, given: Given, config: Config, environment: Environment): Promise<LoginResult> {
  const { logInOnce } = await import('./log-in-once.js')
  const { username, password } = environment.credentials
  if (username !== undefined && password !== undefined) {
    world.stderr.write(`Logging in to ${environment.name} …\n`)
    return logInOnce(config, environment, { type: 'password', username, password })
  }
  const options = { byHand: given.has('--paste'), open: !given.has('--no-browser'), timeoutMs: 300_000 }
  const authorization = await authorizeInBrowser(world, environment, options)
  if (!authorization.ok) throw new Error(`${authorization.reason} Nothing was written.`)
  return logInOnce(config, environment, authorization.grant)
}

/** What was rejected, asked again; undefined when typing cannot mend it. */
async function corrected(person: Person, answers: Answers, kind: string): Promise<Answers | undefined> {
  if (kind === 'client_rejected') {
    const clientId = await person.line('Client id', answers.clientId)
    return { ...answers, clientId, clientSecret: await person.secret('Client secret') }
  }
  if (kind !== 'grant_rejected' || answers.password === undefined) return undefined
  const username = await person.line('User name', answers.username)
  return { ...answers, username, password: await person.secret('Password') }
}

async function keep(environment: Environment, result: LoginResult): Promise<void> {
  if (!result.ok || result.refreshToken === undefined) return
  const { refreshToken, askedAt } = result
  const file = await openSessionFile(environment, true)
  const { loginUrl, credentials } = environment
  await file?.write({ loginUrl, clientId: credentials.clientId, refreshToken, loggedInAt: askedAt, askedAt })
}

function goodbye(
  files: readonly { path: string; isSecret: boolean }[],
  output: string,
  inEnvironment: boolean
): string {
  const written = files
    .map(({ path, isSecret }) => `  ${path}${isSecret ? '   (only you can read it)' : ''}\n`)
    .join('')
  const how = inEnvironment ? 'Start, with the secrets in the variables that the comments name:' : 'Start:'
  return `Written:\n${written}\n${how}\n\n  sc-proxy --config ${output}\n\nand then, in another terminal:\n\n  curl http://localhost:8080/v3/workorders\n`
}
