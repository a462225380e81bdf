import { resolve } from 'node:path'
import { readText } from '../config/files.js'
import { serviceChannelEnvironments } from '../servicechannel/environments.js'
import type { Process } from './command.js'
import type { Answers } from './init-files.js'
import { type Given, json, type Option } from './options.js'
import type { Person } from './prompts.js'

/** What was not said, or cannot be used: a sentence for a person. */
export class UsageError extends Error {}

export const initOptions: readonly Option[] = [
  { flag: '--environment', takes: 'NAME', summary: 'sandbox2, production, or a name for one of your own.' },
  { flag: '--client-id', takes: 'ID', summary: 'The client id; else SC_PROXY_CLIENT_ID.' },
  {
    flag: '--client-secret-file',
    takes: 'FILE',
    summary: 'A file that holds the client secret; else SC_PROXY_CLIENT_SECRET.'
  },
  { flag: '--username', takes: 'NAME', summary: 'The user; else SC_PROXY_USERNAME.' },
  { flag: '--password-file', takes: 'FILE', summary: 'A file that holds the password; else SC_PROXY_PASSWORD.' },
  { flag: '--browser', summary: 'Log in in the browser and keep the session, instead of a user and a password.' },
  { flag: '--paste', summary: 'With --browser: take the address the login page leads to by hand.' },
  { flag: '--no-browser', summary: 'With --browser: print the address of the login page and open nothing.' },
  { flag: '--callback-url', takes: 'URL', summary: 'The callback URL registered for the client id.' },
  { flag: '--api-url', takes: 'URL', summary: 'Origin of the API, of an environment of your own.' },
  { flag: '--login-url', takes: 'URL', summary: 'Origin of the login server, of an environment of your own.' },
  { flag: '--ca-file', takes: 'FILE', summary: 'A certificate authority to trust besides the well-known ones.' },
  {
    flag: '--upstream-proxy',
    takes: 'URL',
    summary: 'The corporate proxy on the way, where HTTPS_PROXY does not say it.'
  },
  {
    flag: '--secrets',
    takes: 'WHERE',
    choices: ['files', 'environment'],
    summary: 'Secrets go into files beside the configuration, or stay in variables (default files).'
  },
  { flag: '--output', takes: 'FILE', summary: 'The file to write (default sc-proxy.jsonc).' },
  { flag: '--force', summary: 'Replace files that are there.' },
  { flag: '--no-check', summary: 'Write without logging in first.' },
  json
]

const known = Object.keys(serviceChannelEnvironments)

/**
 * What the flags and variables say, and a person is asked for the rest.
 *
 * @throws UsageError with everything that is missing when nobody is there to be asked
 */
export async function firstAnswers(world: Process, given: Given, person: Person | undefined): Promise<Answers> {
  const { env } = world
  const missing: string[] = []
  const ask = async (way: string, value: string | undefined, question: (person: Person) => Promise<string>) => {
    if (value !== undefined) return value
    if (person) return question(person)
    missing.push(way)
    return ''
  }
  const secret = (flag: string, variable: string) => {
    const file = given.get(flag) ?? env[`${variable}_FILE`]
    return file ? contentsOf(resolve(world.cwd, file), flag) : env[variable] || undefined
  }

  const environment = await ask('--environment', given.get('--environment') ?? env.SC_PROXY_ENVIRONMENT, (person) =>
    person.choice('Where do requests go?', [
      { value: 'sandbox2', label: 'Sandbox2, to try things out' },
      { value: 'production', label: 'Production: real work orders, real money' }
    ])
  )
  const isOwn = environment !== '' && !known.includes(environment)
  const apiUrl = isOwn
    ? await ask('--api-url', given.get('--api-url'), (person) => person.line('Origin of its API'))
    : undefined
  const loginUrl = isOwn
    ? await ask('--login-url', given.get('--login-url'), (person) => person.line('Origin of its login server'))
    : undefined
  const clientId = await ask('--client-id', given.get('--client-id') ?? env.SC_PROXY_CLIENT_ID, (person) =>
    person.line('Client id')
  )
  const clientSecret = await ask(
    '--client-secret-file or SC_PROXY_CLIENT_SECRET',
    secret('--client-secret-file', 'SC_PROXY_CLIENT_SECRET'),
    (person) => person.secret('Client secret')
  )
  const user = given.get('--username') ?? env.SC_PROXY_USERNAME
  const way =
    given.has('--browser') || user !== undefined || !person
      ? undefined
      : await person.choice('How do you log in?', [
          { value: 'password', label: 'With a user name and a password, which the proxy keeps' },
          { value: 'browser', label: 'In the browser, every 30 days' }
        ])
  const keepsSession = given.has('--browser') || way === 'browser'
  const login = keepsSession
    ? {}
    : {
        username: await ask('--username, or --browser', user, (person) => person.line('User name')),
        password: await ask(
          '--password-file or SC_PROXY_PASSWORD',
          secret('--password-file', 'SC_PROXY_PASSWORD'),
          (person) => person.secret('Password')
        )
      }
  if (missing.length > 0) throw new UsageError(`there is no terminal to ask at, so pass ${missing.join('; ')}`)
  const callbackUrl = given.get('--callback-url')
  const caFile = given.get('--ca-file')
  const upstreamProxy = given.get('--upstream-proxy')
  return {
    environment,
    apiUrl,
    loginUrl,
    clientId,
    clientSecret,
    ...login,
    keepsSession,
    callbackUrl,
    upstreamProxy,
    caFile: caFile && resolve(world.cwd, caFile)
  }
}

function contentsOf(path: string, flag: string): string {
  const file = readText(path)
  if (!file.ok) throw new UsageError(`${flag}: ${file.error}`)
  const text = file.text.replace(/\r?\n$/, '')
  if (text) return text
  throw new UsageError(`${flag}: ${path} is empty`)
}
