import type { Config } from '../config/schema.js'
import type { Emulator } from '../emulator/emulator.js'
import { cannotListen } from './cannot-listen.js'

/**
 * Starts the emulator as configured.
 *
 * @throws Error with one sentence: what is wrong with the scenario, or which port cannot be had and what to do
 */
export async function openEmulator({ scenario, apiPort, loginPort }: Config['emulator']): Promise<Emulator> {
  // Certificates and invented data take longer to load than the whole proxy: only for those who use them.
  const { startEmulator } = await import('../emulator/emulator.js')
  const { readScenario } = await import('../emulator/scenario.js')
  const options = { scenario: await readScenario(scenario), apiPort, loginPort }
  return startEmulator(options).catch((error: NodeJS.ErrnoException & { address?: string; port?: number }) => {
    const { syscall, address = 'localhost', port = 0 } = error
    if (syscall !== 'listen') throw error
    const way = 'with --emulator-api-port or --emulator-login-port'
    throw new Error(cannotListen(error, address, port, way), { cause: error })
  })
}
