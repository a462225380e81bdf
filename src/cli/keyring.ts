/** The keyring of the operating system: Keychain, Credential Manager, or the Secret Service of a Linux desktop. */
export interface Keyring {
  /** Undefined when nothing is kept under that name, or when the keyring is locked or absent. */
  get(account: string): string | undefined
  /** @throws Error when the keyring is locked or absent */
  set(account: string, secret: string): void
  remove(account: string): void
}

const service = 'sc-proxy'

/** Not the kernel's keyring, which the library would fall back to: that one forgets at the next boot. */
const options = { linux: { store: 'secret-service' } } as const

/** Undefined where there is none, as in most containers, or where its optional package has not been installed. */
export async function openKeyring(): Promise<Keyring | undefined> {
  const library = await import('@napi-rs/keyring').catch(() => undefined)
  if (!library) return undefined
  const entry = (account: string) => new library.Entry(service, account, options)
  try {
    entry('probe').getPassword()
  } catch {
    return undefined
  }
  return {
    get(account) {
      try {
        return entry(account).getPassword() ?? undefined
      } catch {
        return undefined
      }
    },
    set: (account, secret) => entry(account).setPassword(secret),
    remove(account) {
      try {
        entry(account).deletePassword()
      } catch {
        // What is not there needs no removing.
      }
    }
  }
}
