import { randomBytes } from 'node:crypto'
import type { Environment } from '../config/schema.js'
import { createSessionFile, type SavedSession, type SessionFile } from '../oauth/session-file.js'
import type { Credentials, TokenStore } from '../oauth/token-store.js'
import type { Log } from '../telemetry/log.js'
import { type Keyring, openKeyring } from './keyring.js'
import { type FileWatch, watchFiles } from './watch-files.js'

/**
 * The session file of an environment, or undefined when it has none.
 *
 * @param create whether a key may be made and put into the keyring, for who will write the file
 * @throws Error with one sentence: there is no key, and how to have one
 */
export async function openSessionFile(
  { credentials }: Pick<Environment, 'credentials'>,
  create = false,
  keyrings: () => Promise<Keyring | undefined> = openKeyring
): Promise<SessionFile | undefined> {
  const { sessionFile, sessionKey } = credentials
  if (sessionFile === undefined) return undefined
  if (sessionKey !== undefined) return createSessionFile(sessionFile, sessionKey)
  const keyring = await keyrings()
  const known = keyring?.get(sessionFile)
  if (known !== undefined) return createSessionFile(sessionFile, known)
  const made = create ? keep(keyring, sessionFile) : undefined
  if (made !== undefined) return createSessionFile(sessionFile, made)
  throw new Error(
    create
      ? 'There is no keyring here to keep the key of the session file in: put a random key into a file only you can read ("openssl rand -base64 32" makes one) and name it with --session-key-file.'
      : `The key of the session file ${sessionFile} is not in the keyring of this user: run sc-proxy login, or name a file that holds the key with --session-key-file.`
  )
}

function keep(keyring: Keyring | undefined, account: string): string | undefined {
  const key = randomBytes(32).toString('base64')
  try {
    keyring?.set(account, key)
    return keyring && key
  } catch {
    return undefined
  }
}

/**
 * What to log in with: what the configuration says, and the saved session if it is one of this client at this server.
 *
 * @throws Error with one sentence when the session is somebody else's
 */
export function credentialsOf(
  { name, loginUrl, credentials }: Pick<Environment, 'name' | 'loginUrl' | 'credentials'>,
  saved: SavedSession | undefined
): Credentials {
  const { clientId, clientSecret, username, password, sessionFile } = credentials
  const own = { clientId, clientSecret, username: username ?? saved?.username, password }
  if (!saved) return own
  const isOurs = saved.loginUrl === loginUrl && saved.clientId === clientId
  const sameUser = username === undefined || saved.username === undefined || saved.username === username
  if (!isOurs || !sameUser) {
    throw new Error(
      `The session file ${sessionFile} is of another ${isOurs ? 'user' : 'client or login server'} than ${name} has: name another file, or run sc-proxy login.`
    )
  }
  const { refreshToken, loggedInAt, askedAt } = saved
  return { ...own, refreshToken, loggedInAt, askedAt }
}

/** A session that is kept in a file, and what to do when somebody else changes that. */
export interface KeptSession {
  readonly credentials: Credentials
  keep(session: { refreshToken: string; loggedInAgoMs: number }): Promise<void>
  /** The configuration says something else of secret, user or password now. */
  adopt(environment: Environment, tokens: Pick<TokenStore, 'replaceCredentials'>): Promise<void>
  /** Takes up what `login` or `logout` has left in the file, from now on. */
  follow(tokens: Pick<TokenStore, 'replaceCredentials' | 'endSession'>): FileWatch
}

/**
 * The kept session of an environment, or undefined when it has no session file.
 *
 * @throws Error with one sentence when the file cannot be used
 */
export async function openSession(environment: Environment, log: Log): Promise<KeptSession | undefined> {
  const { name, loginUrl, credentials } = environment
  const file = await openSessionFile(environment, true)
  if (!file) return undefined
  const saved = await file.read()
  let configured = environment
  /** The refresh token in the file, as far as we know, and whose it is. */
  let known = saved?.refreshToken
  let user = saved?.username

  async function takeUp(tokens: Pick<TokenStore, 'replaceCredentials' | 'endSession'>): Promise<void> {
    const saved = await file?.read()
    // What we have written ourselves is in use already.
    if (saved && saved.refreshToken === known) return
    if (saved) tokens.replaceCredentials(credentialsOf(configured, saved))
    else if (known !== undefined) {
      tokens.endSession()
      log.info({ environment: name }, `${name}: logged out`)
    }
    known = saved?.refreshToken
    user = saved?.username
  }

  return {
    credentials: credentialsOf(environment, saved),
    async keep({ refreshToken, loggedInAgoMs }) {
      const at = Date.now()
      const { clientId, username = user } = configured.credentials
      try {
        // Somebody has logged in or out in the meantime: theirs counts, and is about to be taken up.
        if ((await file.read())?.refreshToken !== known) return
        await file.write({ loginUrl, clientId, username, refreshToken, loggedInAt: at - loggedInAgoMs, askedAt: at })
        known = refreshToken
      } catch (err) {
        log.warn(
          { err, environment: name },
          `${name}: the session cannot be kept in ${file.path}; it ends with this process`
        )
      }
    },
    async adopt(next, tokens) {
      // The file stays the one that was opened.
      const { sessionFile, sessionKey } = credentials
      configured = { ...next, credentials: { ...next.credentials, sessionFile, sessionKey } }
      tokens.replaceCredentials(credentialsOf(configured, await file.read()))
    },
    follow(tokens) {
      const warn = (err: Error) => void log.warn({ environment: name }, `${name}: ${err.message}`)
      return watchFiles(
        () => [file.path],
        () => void takeUp(tokens).catch(warn)
      )
    }
  }
}
