export interface EmulatorUser {
  username: string
  password: string
}

/** A client registration as ServiceChannel keeps it, with the users who may log in through it. */
export interface EmulatorClient {
  clientId: string
  clientSecret: string
  users: EmulatorUser[]
  /** Callbacks /oauth/authorize may redirect to. Default: any http or https address. */
  redirectUris?: string[]
}

/** The client and user the emulator knows when it is given none. Invented, like everything it answers. */
export const defaultClient: EmulatorClient = {
  clientId: 'SB.2014900001.6E1B0C52-93D4-4F7A-8A65-0D2F71C9B3E8',
  clientSecret: 'B7D24F90-1C3E-4A58-9E06-52F8A1D7C643',
  users: [{ username: 'robin.alder', password: 'invented-Passw0rd!' }]
}

/**
 * Finds the client a token request authenticates: HTTP Basic, or `client_id` and `client_secret` in the form. The Basic
 * value is taken as it is. RFC 6749 (2.3.1) would have both halves percent-encoded, but the library ServiceChannel's
 * login server appears to be built on (DotNetOpenAuth) does not decode them, so an encoded id is an unknown one.
 */
export function findClient(clients: EmulatorClient[], authorization: string | undefined, form: URLSearchParams) {
  const [id, secret] = basicCredentials(authorization) ?? [form.get('client_id'), form.get('client_secret')]
  return clients.find(({ clientId, clientSecret }) => clientId === id && clientSecret === secret)
}

/** Checks a name and password; names are compared without regard to case. */
export function findUser(client: EmulatorClient, username: string, password: string): EmulatorUser | undefined {
  const name = username.toLowerCase()
  return client.users.find((user) => user.username.toLowerCase() === name && user.password === password)
}

function basicCredentials(authorization = ''): [string, string] | undefined {
  const encoded = /^Basic +(\S+)$/.exec(authorization)?.[1]
  if (!encoded) return undefined
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return [id, secret.join(':')]
}
