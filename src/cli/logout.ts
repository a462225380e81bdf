import { createSessionFile } from '../oauth/session-file.js'
import type { Command } from './command.js'
import { json, takeOptions } from './options.js'
import { forOption, pickEnvironment } from './pick-environment.js'
import { readConfig } from './read-config.js'

export const logout: Command = {
  name: 'logout',
  summary: 'forget the session in sessionFile; a running proxy forgets it, too',
  examples: ['sc-proxy logout --config sc-proxy.jsonc', 'sc-proxy logout --config sc-proxy.jsonc --for production'],
  options: [forOption, json],

  /** 0: there is no session now, whether or not there was one; 2: bad usage. */
  async run(world, argv) {
    const given = takeOptions(world, argv, logout.options ?? [])
    const loaded = given && readConfig(world, given.rest, logout)
    const environment = loaded && pickEnvironment(world, loaded.config, given.get('--for'))
    if (!environment) return 2
    const { sessionFile, password } = environment.credentials
    if (sessionFile === undefined) {
      world.stderr.write('sc-proxy: no session is kept: there is no sessionFile\n')
      return 2
    }
    // The key stays in the keyring: a running proxy goes on with it after the next login.
    const removed = await createSessionFile(sessionFile, '').remove()
    const { name } = environment
    if (given.has('--json')) world.stdout.write(`${JSON.stringify({ environment: name, removed })}\n`)
    else {
      world.stdout.write(
        removed ? `logged out of ${name}: ${sessionFile} is gone\n` : `nobody was logged in to ${name}\n`
      )
      // ServiceChannel documents no way to revoke a token.
      if (removed)
        world.stdout.write(
          'ServiceChannel itself lets what was issued run out: access after 10 minutes, a session after 30 days.\n'
        )
      if (password !== undefined)
        world.stdout.write('A password is configured, so the proxy can log in again by itself.\n')
    }
    return 0
  }
}
