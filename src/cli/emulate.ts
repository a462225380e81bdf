import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Emulator, startEmulator } from '../emulator/emulator.js'
import { readScenario } from '../emulator/scenario.js'
import type { Command } from './command.js'
import { readConfig } from './read-config.js'
import { untilStopped } from './until-stopped.js'

export const emulate: Command = {
  name: 'emulate',
  summary: 'run the offline emulator of ServiceChannel by itself',
  examples: ['sc-proxy emulate', 'sc-proxy emulate --emulator-scenario throttled --emulator-write-ca emulator-ca.pem'],

  /** Runs until it is told to stop. 0: stopped; 2: nothing was started. */
  async run(world, argv) {
    const loaded = readConfig(world, argv)
    if (!loaded) return 2
    const { scenario, apiPort, loginPort, writeCa } = loaded.config.emulator
    const emulator = await open({ scenario, apiPort, loginPort }).catch((error: Error) => {
      world.stderr.write(`sc-proxy: ${error.message}\n`)
    })
    if (!emulator) return 2
    if (writeCa !== undefined) writeFileSync(resolve(world.cwd, writeCa), emulator.ca)
    world.stdout.write(describe(emulator, writeCa))
    await untilStopped(world).asked
    await emulator.close()
    return 0
  }
}

async function open(options: { scenario: string; apiPort: number; loginPort: number }): Promise<Emulator> {
  return startEmulator({ ...options, scenario: await readScenario(options.scenario) })
}

/** Where it listens and how a client, sc-proxy itself for one, reaches it. */
function describe({ apiUrl, loginUrl, ca, credentials, quota }: Emulator, caFile = 'emulator-ca.pem'): string {
  const environment = { apiUrl, loginUrl, caFile, quota, credentials }
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
    `The authority its certificates are signed by is made anew at each start; --emulator-write-ca FILE writes it:`,
    '',
    ca
  ].join('\n')
}
