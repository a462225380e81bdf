/** The keyring of the operating system: Keychain, Credential Manager, or the Secret Service of a Linux desktop. */
export interface Keyring {
  /**
   * Undefined when nothing is kept under that name.
   *
   * @throws Error when the keyring is locked
   */
  get(account: string): string | undefined
  /** @throws Error when the keyring is locked */
  set(account: string, secret: string): void
}

const service = 'sc-proxy'

/** Not the kernel's keyring, which the library would fall back to: that one forgets at the next boot. */
const options = { linux: { store: 'secret-service' } } as const

/**
 * Undefined where there is none, as in most containers, where it is locked, and where its optional package has not been
 * installed.
 */
export async function openKeyring(): Promise<Keyring | undefined> {
  const library = await import('@napi-rs/keyring').catch(() => undefined)
  if (!library) return undefined
  const entry = (account: string) => new library.Entry(service, account, options)
  const keyring: Keyring = {
    get: (account) => entry(account).getPassword() ?? undefined,
    set: (account, secret) => entry(account).setPassword(secret)
  }
  try {
    // A locked one is as good as none: a key made in place of one that cannot be seen would cost the session.
    keyring.get('probe')
    return keyring
  } catch {
    return undefined
  }
}
