import { writeFileSync } from 'node:fs'
import type { Config } from '../config/schema.js'
import type { Emulator } from '../emulator/emulator.js'
import type { Command } from './command.js'
import { openEmulator } from './open-emulator.js'
import { readConfig } from './read-config.js'
import { exitCodeOf, untilStopped } from './until-stopped.js'

export const emulate: Command = {
  name: 'emulate',
  summary: 'run the offline emulator of ServiceChannel by itself',
  examples: ['sc-proxy emulate', 'sc-proxy emulate --emulator-scenario throttled --emulator-write-ca emulator-ca.pem'],
  settings: ['config', 'emulator'],

  /** Runs until it is told to stop. 0: stopped; 2: nothing was started; otherwise as with start. */
  async run(world, argv) {
    const loaded = readConfig(world, argv, emulate)
    if (!loaded) return 2
    const emulator = await open(loaded.config.emulator).catch((error: Error) => {
      world.stderr.write(`sc-proxy: ${error.message}\n`)
    })
    if (!emulator) return 2
    world.stdout.write(describe(emulator, loaded.config.emulator.writeCa))
    const { asked, insisted } = untilStopped(world)
    await asked
    const again = await Promise.race([emulator.close(), insisted])
    return again ? exitCodeOf(again) : 0
  }
}

/** @throws Error with one sentence; nothing is left running then */
async function open(settings: Config['emulator']): Promise<Emulator> {
  const emulator = await openEmulator(settings)
  const { writeCa: path } = settings
  if (path === undefined) return emulator
  try {
    writeFileSync(path, emulator.ca)
    return emulator
  } catch (cause) {
    await emulator.close()
    const { code } = cause as NodeJS.ErrnoException
    throw new Error(`--emulator-write-ca: ${path} cannot be written (${code})`, { cause })
  }
}

/** Where it listens and how a client, sc-proxy itself for one, reaches it. */
function describe({ apiUrl, loginUrl, ca, credentials, quota }: Emulator, writtenTo: string | undefined): string {
  const environment = { apiUrl, loginUrl, caFile: writtenTo ?? 'emulator-ca.pem', quota, credentials }
  const authority = 'The authority its certificates are signed by is made anew at each start'
  return [
    'The ServiceChannel emulator is running, with invented data and an invented user.',
    '',
    `  API    ${apiUrl}`,
    `  login  ${loginUrl}`,
    '',
    'As an environment in the configuration of sc-proxy:',
    '',
    JSON.stringify({ environments: { emulated: environment } }, null, 2),
    '',
    ...(writtenTo === undefined
      ? [`${authority}; --emulator-write-ca FILE writes it to a file:`, '', ca]
      : [`${authority}; it is in ${writtenTo}.`, ''])
  ].join('\n')
}
