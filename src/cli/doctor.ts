import type { Status } from '../admin/status.js'
import type { Config } from '../config/schema.js'
import { secretsOf } from '../config/secrets.js'
import { askAdmin } from './ask-admin.js'
import { checkFiles, checkPorts } from './check-machine.js'
import { checkRedis } from './check-redis.js'
import { checkRunning } from './check-running.js'
import type { Command } from './command.js'
import { describeFinding, type Finding } from './finding.js'
import { json, takeOptions } from './options.js'
import { readConfig } from './read-config.js'
import { recordReads } from './record-reads.js'
import { stateDirOf } from './state-dir.js'

export const doctor: Command = {
  name: 'doctor',
  summary: 'look at everything between here and ServiceChannel, and say what to do',
  examples: ['sc-proxy doctor --config sc-proxy.jsonc', 'sc-proxy doctor --environment sandbox2 --json'],
  options: [json, { flag: '--no-login', summary: 'Look at the machine and the network only: no login, no call.' }],

  /** 0: nothing is wrong, though there may be warnings; 1: something is wrong; 2: bad usage or configuration. */
  async run(world, argv) {
    const given = takeOptions(world, argv, doctor.options ?? [])
    const reads = recordReads()
    const loaded = given && readConfig(world, given.rest, doctor, reads.readFile)
    if (!loaded) return 2
    const { config } = loaded
    const findings: Finding[] = []
    const tell = (news: Finding[]) => {
      findings.push(...news)
      if (!given.has('--json')) for (const finding of news) world.stdout.write(describeFinding(finding))
    }

    // Loaded here, so that other commands need not wait for the network's libraries.
    const [{ checkNetwork }, { checkLogin }] = await Promise.all([
      import('./check-network.js'),
      import('./check-login.js')
    ])
    const running = await statusOf(config)
    const stateDir = config.stateDir === 'none' ? undefined : stateDirOf(config.stateDir, world)
    tell(describeRunning(running))
    tell(await checkPorts(config, running))
    tell(await checkFiles(filesWithSecrets(config, reads.texts)))
    // A running one has told above what it makes of it, unless it has nothing to share.
    if (!running?.environments.some(({ name }) => name !== 'emulator')) tell(await checkRedis(config))
    if (Object.keys(config.environments).length === 0) tell([onlyEmulator])
    for (const environment of Object.values(config.environments)) {
      const network = await checkNetwork(config, environment)
      tell(network)
      const { name, credentials } = environment
      const known = running?.environments.find(
        (other) => other.name === name && other.clientId === credentials.clientId
      )
      if (given.has('--no-login')) continue
      if (network.some(({ status }) => status === 'wrong')) {
        tell([
          { check: 'user', subject: name, status: 'skipped', found: 'there is no way to the login and the API yet' }
        ])
      } else
        tell(
          running && known
            ? await checkRunning(config, known, running)
            : await checkLogin(config, environment, stateDir)
        )
    }
    const isFine = findings.every(({ status }) => status !== 'wrong')
    if (given.has('--json')) world.stdout.write(`${JSON.stringify({ fine: isFine, findings }, null, 2)}\n`)
    else world.stdout.write(isFine ? '\nNothing is wrong.\n' : '\nSomething is wrong.\n')
    return isFine ? 0 : 1
  }
}

const onlyEmulator: Finding = {
  check: 'environment',
  subject: 'emulator',
  status: 'skipped',
  found: 'this configuration leads to the emulator only, so ServiceChannel was not looked at',
  advice: 'Name the configuration (--config) or the environment (--environment) that is meant.'
}

async function statusOf({ admin }: Config): Promise<Status | undefined> {
  const answer = await askAdmin(admin, 'GET', '/api/status').catch(() => undefined)
  return answer?.status === 200 ? (answer.body as Status) : undefined
}

function describeRunning(running: Status | undefined): Finding[] {
  const about = { check: 'proxy', subject: 'on this machine' }
  if (!running) return [{ ...about, status: 'ok', found: 'none is running' }]
  const { version, ready, reasons, remarks = [] } = running
  const found = `sc-proxy ${version} is running and ${ready ? 'ready' : 'not ready'}`
  const advice = [...reasons, ...remarks].join(' ')
  return advice === '' ? [{ ...about, status: 'ok', found }] : [{ ...about, status: 'warning', found, advice }]
}

/** The files a secret was read from, the configuration file too when one stands in it. */
function filesWithSecrets(config: Config, read: ReadonlyMap<string, string | undefined>): string[] {
  const secrets = secretsOf(config)
  const sessions = Object.values(config.environments).flatMap(({ credentials }) => credentials.sessionFile ?? [])
  const holding = [...read].filter(([, text]) => secrets.some((secret) => text?.includes(secret))).map(([path]) => path)
  return [...new Set([...holding, ...sessions])]
}
