import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../config/schema.js'
import { authorityOf } from '../host.js'
import { operationsOf } from '../openapi/operations.js'
import { collectionOf } from '../postman/collection.js'
import { environmentOf } from '../postman/environment.js'
import { urlOf } from './banner.js'
import type { Command } from './command.js'
import { json, type Option, takeOptions } from './options.js'
import { readConfig } from './read-config.js'
import { readDescription } from './read-description.js'
import { existsAlready, type WrittenFile, writeFiles } from './write-files.js'

const options: Option[] = [
  { flag: '--out', takes: 'DIR', summary: 'The folder to write to (default the current one).' },
  { flag: '--force', summary: 'Replace files that are there.' },
  json
]

export const postman: Command = {
  name: 'postman',
  summary: 'write a Postman collection, and an environment for every listener',
  examples: [
    'sc-proxy postman',
    'sc-proxy postman --config config.json --out postman --force',
    'sc-proxy postman --openapi servicechannel.json'
  ],
  options,
  settings: [
    'config',
    'openapi',
    ...['environment', 'host', 'port', 'allowRemote', 'clientKey', 'clientKeyFile', 'listeners', 'environments'],
    ...['clientId', 'clientSecret', 'clientSecretFile', 'username', 'password', 'passwordFile', 'sessionFile'],
    ...['caFile', 'upstreamProxy', 'noProxy']
  ],

  /** 0: written; 1: a file cannot be written; 2: bad usage, configuration or description, or a file is there already. */
  async run(world, argv) {
    const given = takeOptions(world, argv, options)
    const loaded = given && readConfig(world, given.rest, postman)
    if (!loaded) return 2
    const refuse = (sentence: string) => {
      world.stderr.write(`sc-proxy: ${sentence}\n`)
      return 2
    }
    const { config } = loaded
    const loose = config.listeners.find(({ port }) => port === 0)
    if (loose) return refuse(`the listener of ${loose.environment} takes any free port, so nobody knows its address`)
    const document = await readDescription(config).catch((error: Error) => error.message)
    if (typeof document === 'string') return refuse(document)

    const folder = resolve(world.cwd, given.get('--out') ?? '.')
    const operations = operationsOf(document)
    const files = filesFor(folder, config, collectionOf({ ...words, operations, baseUrl: safestUrl(config) }))
    const taken = given.has('--force') ? undefined : files.find(({ path }) => existsSync(path))
    if (taken) return refuse(existsAlready(taken.path, '--out'))
    await mkdir(folder, { recursive: true })
    await writeFiles(files, given.has('--force'), '--out')
    const paths = files.map(({ path }) => path)
    world.stdout.write(
      given.has('--json')
        ? `${JSON.stringify({ files: paths, requests: operations.length })}\n`
        : `Written, ${operations.length} requests:\n${paths.map((path) => `  ${path}\n`).join('')}\nIn Postman: Import, drop the files, and choose an environment at the top right.\n`
    )
    return 0
  }
}

const words = {
  name: 'ServiceChannel through sc-proxy',
  description:
    'Requests go to sc-proxy on this machine, which logs in and keeps to the call limits. Choose an environment; where its listener wants a client key, put it into clientKey.'
}

function filesFor(folder: string, { listeners }: Config, collection: object): WrittenFile[] {
  const file = (name: string, content: object) => ({
    path: join(folder, name),
    text: `${JSON.stringify(content, null, 2)}\n`,
    isSecret: false
  })
  const environments = listeners.map((listener) => {
    // One name for two files, where letter case does not count, would lose one of them.
    const isOne = ({ environment }: typeof listener) => environment.toLowerCase() === listener.environment.toLowerCase()
    const name = listeners.filter(isOne).length > 1 ? `${listener.environment}-${listener.port}` : listener.environment
    return file(`sc-proxy.${name}.postman_environment.json`, environmentOf(`sc-proxy ${name}`, addressOf(listener)))
  })
  return [file('sc-proxy.postman_collection.json', collection), ...environments]
}

const addressOf = ({ host, port }: Config['listeners'][number]) => urlOf({ port, addresses: [authorityOf(host, port)] })

/** Without an environment chosen, no request goes to Production by accident. */
function safestUrl({ listeners }: Config): string {
  const harmless = listeners.find(({ environment }) => environment !== 'production')
  return harmless ? addressOf(harmless) : ''
}
