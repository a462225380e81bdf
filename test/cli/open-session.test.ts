import { join } from 'node:path'
import t from 'tap'
import type { Keyring } from '../../src/cli/keyring.js'
import { openSessionFile } from '../../src/cli/open-session.js'
import { credentials } from '../support/servicechannel.js'
import { folderWith } from './app.js'

const session = { loginUrl: 'https://login.example', clientId: 'SB.1', refreshToken: 'r', loggedInAt: 1, askedAt: 1 }

/** A keyring in memory. */
function memory(): Keyring & { kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return { kept, get: (account) => kept.get(account), set: (account, secret) => void kept.set(account, secret) }
}

t.test('the key is made once, kept in the keyring and found again', async (t) => {
  const path = join(folderWith(t, {}), 'session')
  const environment = { credentials: { ...credentials, sessionFile: path } }
  const keyring = memory()
  const file = await openSessionFile(environment, true, async () => keyring)
  await file?.write(session)
  t.match([...keyring.kept], [[path, /^[A-Za-z0-9+/]{43}=$/]])
  const again = await openSessionFile(environment, false, async () => keyring)
  t.strictSame(await again?.read(), session)
})

t.test('a key of the configuration needs no keyring', async (t) => {
  const path = join(folderWith(t, {}), 'session')
  const file = await openSessionFile(
    { credentials: { ...credentials, sessionFile: path, sessionKey: 'k' } },
    true,
    () => {
      throw new Error('it is not asked')
    }
  )
  await file?.write(session)
  t.strictSame(await file?.read(), session)
  t.equal(await openSessionFile({ credentials }), undefined, 'and without a file there is none')
})

t.test('without a keyring, or with one that is locked, a key file is asked for', async (t) => {
  const environment = { credentials: { ...credentials, sessionFile: '/nowhere/session' } }
  const locked: Keyring = {
    get: () => undefined,
    set() {
      throw new Error('locked')
    }
  }
  for (const keyring of [undefined, locked]) {
    await t.rejects(
      openSessionFile(environment, true, async () => keyring),
      /openssl rand.*--session-key-file/
    )
    await t.rejects(
      openSessionFile(environment, false, async () => keyring),
      /not in the keyring.*sc-proxy login/
    )
  }
})
