import { basicCredentials, type Client, type Grant } from './grant.js'

/** Who logs in: with user name and password, with a refresh token, or with both in reserve. */
export interface Credentials extends Client {
  username?: string
  password?: string
  refreshToken?: string
  /** When the login was that the refresh token comes from; wall clock, milliseconds. */
  loggedInAt?: number
  /** When somebody else last sent the token endpoint a request for this user; wall clock, milliseconds. */
  askedAt?: number
}

/** Refresh tokens live this long after a login (ServiceChannel, Introduction: Overview). */
export const sessionLifeMs = 30 * 24 * 60 * 60 * 1000

/** What one set of credentials has become: which grant comes next, and how long the session lasts. */
export interface Session {
  readonly credentials: Credentials
  /** The newest refresh token, else the one before, else the password; undefined when nothing is left. */
  nextGrant(): Grant | undefined
  /** The grant worked and brought this refresh token, or none. */
  granted(grant: Grant, refreshToken: string | undefined, askedAt: number): void
  /** Somebody else has logged in the same user: what came of that. */
  adopt(refreshToken: string | undefined, loggedInAt: number | undefined): void
  /** The server will not take this grant; it is never offered again. A password is not forgotten. */
  refused(grant: Grant): void
  /** When the refresh tokens of the last login end. Undefined before a login. */
  endsAt(): number | undefined
  /** The refresh token to log in with next; undefined when there is none. */
  refreshToken(): string | undefined
  /** Whether these are the credentials it was made of, or their refresh token is one it has come to. */
  isOf(credentials: Credentials): boolean
  /** Everything that must never be shown. */
  secrets(): string[]
}

/**
 * @param now the clock `endsAt` counts in
 * @param code the answer of the authorize page: the session then begins with it
 */
export function createSession(
  given: Credentials,
  now: () => number,
  code?: Grant & { type: 'authorization_code' }
): Session {
  const credentials = Object.freeze({ ...given })
  let firstGrant: Grant | undefined = code
  let newest = code === undefined ? credentials.refreshToken : undefined
  let previous: string | undefined
  let loggedInAt = credentials.loggedInAt && now() - Math.max(0, Date.now() - credentials.loggedInAt)

  return {
    credentials,

    nextGrant() {
      const { username, password } = credentials
      const refreshToken = newest ?? previous
      if (firstGrant !== undefined) return firstGrant
      if (refreshToken !== undefined) return { type: 'refresh_token', refreshToken }
      if (username !== undefined && password !== undefined) return { type: 'password', username, password }
      return undefined
    },

    granted(grant, refreshToken, askedAt) {
      firstGrant = undefined
      if (grant.type !== 'refresh_token') {
        loggedInAt = askedAt
        newest = refreshToken
        previous = undefined
        return
      }
      // Whether ServiceChannel lets the old one live is not documented, so it stays in reserve until the new one has
      // worked: an answer cut short may have brought a token that nobody has.
      const rotated = refreshToken !== undefined && refreshToken !== grant.refreshToken
      newest = rotated ? refreshToken : grant.refreshToken
      previous = rotated ? grant.refreshToken : undefined
    },

    adopt(refreshToken, at) {
      firstGrant = undefined
      newest = refreshToken
      previous = undefined
      loggedInAt = at
    },

    refused(grant) {
      if (grant === firstGrant) firstGrant = undefined
      if (grant.type !== 'refresh_token') return
      if (newest === grant.refreshToken) newest = undefined
      if (previous === grant.refreshToken) previous = undefined
    },

    refreshToken: () => newest ?? previous,

    isOf: (others) =>
      (['clientId', 'clientSecret', 'username', 'password'] as const).every(
        (key) => credentials[key] === others[key]
      ) && [credentials.refreshToken, newest, previous].includes(others.refreshToken),

    endsAt: () => (loggedInAt === undefined ? undefined : loggedInAt + sessionLifeMs),

    secrets() {
      const { clientSecret, password, refreshToken } = credentials
      const all = [clientSecret, password, refreshToken, newest, previous, code?.code, basicCredentials(credentials)]
      return all.filter((secret) => secret !== undefined)
    }
  }
}
