import type { Codes } from './authorize.js'
import { type EmulatorClient, findUser } from './clients.js'
import type { IssuedTokens, Owner, Tokens } from './tokens.js'

export interface Grants {
  tokens: Tokens
  codes: Codes
}

/** A token request that has been understood, but not yet granted: the login spacing comes in between. */
export interface Grant {
  /** Whose login this is; undefined when the code or refresh token is nobody's. */
  username: string | undefined
  /** True when the code or refresh token was issued to another client. */
  foreign: boolean
  /** Uses up the code or password or refresh token; undefined when it is not good. */
  redeem(): IssuedTokens | undefined
  /** What to say then. */
  refusal: string
}

type Reader = (form: URLSearchParams, client: EmulatorClient, grants: Grants) => Grant

const readers: Record<string, { fields: string[]; read: Reader }> = {
  password: { fields: ['username', 'password'], read: passwordGrant },
  refresh_token: { fields: ['refresh_token'], read: refreshGrant },
  authorization_code: { fields: ['code'], read: codeGrant }
}

/** Reads a token request (RFC 6749, sections 4.1.3, 4.3.2 and 6) or names the OAuth error it deserves. */
export function readGrant(form: URLSearchParams, client: EmulatorClient, grants: Grants): Grant | { error: string } {
  const type = form.get('grant_type')
  if (!type) return { error: 'invalid_request' }
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined
  if (!reader) return { error: 'unsupported_grant_type' }
  if (reader.fields.some((field) => !form.get(field))) return { error: 'invalid_request' }
  return reader.read(form, client, grants)
}

function passwordGrant(form: URLSearchParams, client: EmulatorClient, { tokens }: Grants): Grant {
  const username = form.get('username') ?? ''
  const user = findUser(client, username, form.get('password') ?? '')
  return {
    username,
    foreign: false,
    redeem: () => user && tokens.issue({ clientId: client.clientId, username: user.username }),
    refusal: 'The user name or password is incorrect.'
  }
}

function refreshGrant(form: URLSearchParams, client: EmulatorClient, { tokens }: Grants): Grant {
  const refreshToken = form.get('refresh_token') ?? ''
  return {
    ...ownedBy(tokens.ownerOfRefresh(refreshToken), client),
    redeem: () => tokens.refresh(refreshToken),
    refusal: 'The refresh token is not valid.'
  }
}

function codeGrant(form: URLSearchParams, client: EmulatorClient, { tokens, codes }: Grants): Grant {
  const code = form.get('code') ?? ''
  const issued = codes.get(code)
  return {
    ...ownedBy(issued?.owner, client),
    redeem() {
      codes.delete(code)
      return issued && issued.redirectUri === form.get('redirect_uri') ? tokens.issue(issued.owner) : undefined
    },
    refusal: 'The authorization code is not valid.'
  }
}

function ownedBy(owner: Owner | undefined, client: EmulatorClient) {
  return { username: owner?.username, foreign: owner !== undefined && owner.clientId !== client.clientId }
}
