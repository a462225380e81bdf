import type { Givens } from './givens.js'
import type { Resolved } from './resolve.js'
import { builtIn } from './resolve.js'
import { expectation, fileKey, insideOf, type JsonSchema, settingAt } from './settings.js'

/** One sentence for each thing that must be said and is not: what, and every way to say it. */
export function findMissing(resolved: Resolved): string[] {
  const { config, givens, choice, builder } = resolved
  const credential = (path: string) => path.includes('.credentials.')
  const lacking = Object.keys(config.environments).flatMap((name) => {
    const at = `environments.${name}.credentials`
    const paths = [...builder.missing.filter((path) => path.startsWith(`${at}.`)), ...withoutSession(at, resolved)]
    return paths.length > 0 ? lacksCredentials(name, paths, choice.login === name) : []
  })
  const others = [
    ...builder.missing.filter((path) => !credential(path)),
    ...addressesOfUnused(config.environments, givens)
  ]
  return [...others.map((path) => lacks(path, givens)), ...lacking]
}

/** User and password, where no session is kept that could do without them. */
function withoutSession(at: string, { builder }: Resolved): string[] {
  if (builder.origins[`${at}.sessionFile`] !== undefined) return []
  const isGiven = (path: string) => builder.origins[path] !== undefined
  return [`${at}.username`, `${at}.password`].filter((path) => !isGiven(path))
}

/** An environment of one's own that nobody uses may lack credentials, but hardly addresses: rather, its name is mistyped. */
function addressesOfUnused(used: object, givens: Givens): string[] {
  return givens
    .environmentNames()
    .filter((name) => !builtIn.includes(name) && !Object.hasOwn(used, name))
    .flatMap((name) => ['apiUrl', 'loginUrl'].map((key) => `environments.${name}.${key}`))
    .filter((path) => !givens.get(path))
}

function lacks(path: string, givens: Givens): string {
  const owner = givens.get(path.replace(/^(environments\.[^.]+|listeners).*/, '$1'))
  return `${owner?.layer.where(path) ?? path} is missing: it must be ${expectation(schemaAt(path))}`
}

function lacksCredentials(name: string, paths: string[], short: boolean): string {
  const keys = paths.map((path) => path.slice(path.lastIndexOf('.') + 1))
  const ways = (nameOf: (key: string) => string, ofFile: string) =>
    keys
      .map(
        (key, index) =>
          nameOf(key) + (fileKey(key, schemaAt(paths[index] ?? '')) ? ` (or ${nameOf(key)}${ofFile})` : '')
      )
      .join(', ')
  const variables = short ? `${ways((key) => settingAt(key)?.env ?? key, '_FILE')}, or ` : ''
  const inFile = `in the configuration file under environments.${name}.credentials: ${ways((key) => key, 'File')}`
  return `the environment ${name} has no ${keys.join(', no ')}: set ${variables}${inFile}`
}

function schemaAt(path: string): JsonSchema {
  const written = path.replace(/\[\d+\]/, '[]').replace(/^environments\.[^.]+/, 'environments.NAME')
  const setting = settingAt(path)
  return (setting && insideOf(setting).find((inside) => inside.path === written)?.schema) ?? {}
}
