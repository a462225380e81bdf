import type { Command } from './command.js'
import { createCompletion } from './completion.js'
import { config } from './config.js'
import { doctor } from './doctor.js'
import { emulate } from './emulate.js'
import { createHelp } from './help.js'
import { init } from './init.js'
import { login } from './login.js'
import { logout } from './logout.js'
import { postman } from './postman.js'
import { quit } from './quit.js'
import { start } from './start.js'
import { status } from './status.js'
import { version } from './version.js'
import { wait } from './wait.js'

const working = [start, init, login, logout, status, doctor, wait, quit, config, postman, emulate, version]
const others = [...working, createCompletion(() => commands)]

/** Every command, in the order in which help lists them. */
export const commands: readonly Command[] = [...others, createHelp(others)]
