import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import Value from 'typebox/value'
import { type Scenario, scenarioSchema } from './scenario-schema.js'

export type { Scenario } from './scenario-schema.js'

/** A scenario that cannot be used. The message is one sentence for the person who named it. */
export class ScenarioError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ScenarioError'
  }
}

/**
 * Reads a scenario: a name means one of the package's own (`config/scenarios/NAME.json`); anything with a path separator
 * or ending in `.json` is a file. Missing keys take their defaults. Throws ScenarioError.
 */
export async function readScenario(nameOrFile: string): Promise<Scenario> {
  const isFile = /[/\\]|\.json$/.test(nameOrFile)
  const file = isFile ? nameOrFile : join(scenarioFolder(), `${nameOrFile}.json`)
  if (!isFile) await mustBeKnown(nameOrFile)
  return parseScenario(await readText(file), file)
}

/** Names of the scenarios that come with the package. */
export async function scenarioNames(): Promise<string[]> {
  const files = await readdir(scenarioFolder())
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort()
}

// The package's own name resolves wherever the compiled file lies, so dist/ and build/ find the same folder.
function scenarioFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('servicechannel-proxy/package.json')
  return join(dirname(manifest), 'config', 'scenarios')
}

async function mustBeKnown(name: string): Promise<void> {
  const names = await scenarioNames()
  if (names.includes(name)) return
  throw new ScenarioError(`There is no scenario "${name}"; there are ${list(names)}, and a path names a file.`)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ScenarioError(`The scenario file ${file} cannot be read.`, { cause: error })
  }
}

function parseScenario(text: string, file: string): Scenario {
  const scenario = Value.Default(scenarioSchema, parseJson(text, file))
  if (Value.Check(scenarioSchema, scenario)) return scenario
  // Unknown keys come twice, the second time with the names of all of them, which is the useful form.
  const [problem] = Value.Errors(scenarioSchema, scenario).filter(({ keyword }) => keyword !== 'boolean')
  if (problem?.keyword === 'additionalProperties') {
    const [unknown] = problem.params.additionalProperties
    const known = list(keysAt(problem.instancePath))
    throw new ScenarioError(`The scenario file ${file} has an unknown key "${unknown}"; known there are ${known}.`)
  }
  const where = problem?.instancePath ? `"${problem.instancePath.slice(1).replaceAll('/', '.')}"` : 'the content'
  const allowed =
    problem?.keyword === 'enum' ? `be one of ${list(problem.params.allowedValues.map(String))}` : undefined
  throw new ScenarioError(
    `In the scenario file ${file}, ${where} must ${allowed ?? problem?.message.replace('must ', '')}.`
  )
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ScenarioError(`The scenario file ${file} is not JSON.`, { cause: error })
  }
}

function keysAt(path: string): string[] {
  let section: { properties?: Record<string, object> } = scenarioSchema
  for (const key of path.split('/').slice(1)) section = section.properties?.[key] ?? {}
  return Object.keys(section.properties ?? {})
}

function list(names: string[]): string {
  return names.join(', ').replace(/, ([^,]*)$/, ' and $1')
}
