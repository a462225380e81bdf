import { serviceChannelEnvironments } from '../servicechannel/environments.js'
import type { Builder } from './build.js'
import type { Givens } from './givens.js'
import { type Config, type Environment, type Listener, ownQuota } from './schema.js'
import { effectiveSchema, expectation, fileKey } from './settings.js'

const {
  listeners: listenersSchema,
  environments: environmentsSchema,
  ...processWide
} = effectiveSchema.properties ?? {}
const listenerSchema = listenersSchema?.items ?? {}
const environmentSchema = Object.values(environmentsSchema?.patternProperties ?? {})[0] ?? {}

/** The keys that give credentials without naming an environment. */
export const loginKeys = Object.entries(environmentSchema.properties?.credentials?.properties ?? {}).flatMap(
  ([key, schema]) => [key, fileKey(key, schema) ?? key]
)

const facts: Readonly<Record<string, object>> = serviceChannelEnvironments

/** The environments that need no description, `emulator` because it runs in this process. */
export const builtIn: readonly string[] = ['emulator', ...Object.keys(facts)]

/** What the settings without a name, such as `port` and `password`, belong to. */
export interface Choice {
  /** How many listeners are given; 0 leaves the single default one. */
  listeners: number
  /** The environment of the single listener. */
  environment: string
  /** The environment whose credentials they are. */
  login: string
}

/** Everything the checks look at. The configuration has holes where `builder` calls a leaf broken or missing. */
export interface Resolved {
  config: Config
  givens: Givens
  choice: Choice
  builder: Builder
}

/** `production` is never chosen here: only a setting that names it leads there. */
export function choose(givens: Givens): Choice {
  const listeners = Number(givens.get('listeners')?.value ?? 0)
  const login = givens.strongest([...loginKeys, ...loginKeys.map((key) => `environments.sandbox2.credentials.${key}`)])
  const named = givens.strongest(['environment', ...(listeners === 1 ? ['listeners[0].environment'] : [])])
  const environment = String(named?.value ?? (login ? 'sandbox2' : 'emulator'))
  return { listeners, environment, login: listeners > 1 ? 'sandbox2' : environment }
}

/** Whether any listener sends its calls out of this process. */
export function callsOut(givens: Givens, { listeners, environment }: Choice): boolean {
  if (listeners <= 1) return environment !== 'emulator'
  return Array.from({ length: listeners }, (_, index) => givens.get(`listeners[${index}].environment`)).some(
    (given) => given?.value !== 'emulator'
  )
}

/**
 * The effective configuration. Where something was missing or not usable it has holes, and the errors say so: it is
 * to be thrown away then.
 */
export function resolveConfig(givens: Givens, choice: Choice, builder: Builder, errors: string[]): Config {
  const listeners = Array.from({ length: Math.max(1, choice.listeners) }, (_, index) => {
    const path = `listeners[${index}]`
    if (choice.listeners > 1) return builder.build(listenerSchema, path) as Listener
    const names = (at: string) => [at === `${path}.access` ? 'readOnly' : at.slice(path.length + 1), at]
    return builder.build(listenerSchema, path, { names, preset: { environment: choice.environment } }) as Listener
  })
  const known = new Set([...builtIn, ...givens.environmentNames()])
  const used = new Set(listeners.map(({ environment }) => environment).filter((name) => known.has(name)))
  used.delete('emulator')
  const environments = [...used].map((name) => [name, resolveEnvironment(name, choice, builder, errors)])
  const rest = Object.entries(processWide).flatMap(([key, schema]) => {
    const value = builder.build(schema, key)
    return value === undefined ? [] : [[key, value]]
  })
  return { listeners, environments: Object.fromEntries(environments), ...Object.fromEntries(rest) }
}

function resolveEnvironment(name: string, choice: Choice, builder: Builder, errors: string[]) {
  const path = `environments.${name}`
  const names = (at: string) => {
    const [, key] = at.split('.credentials.')
    return key && choice.login === name ? [key, at] : [at]
  }
  const preset = Object.hasOwn(facts, name) ? facts[name] : { quota: ownQuota }
  const commonCa = builder.build(environmentSchema.properties?.ca ?? {}, `${path}.ca`, { names: () => ['ca'] })
  const commonOrigin = builder.origins[`${path}.ca`]
  const environment = builder.build(environmentSchema, path, { names, preset }) as Omit<Environment, 'name'>
  const origin = (key: 'apiUrl' | 'loginUrl') => {
    const url = environment[key]
    if (URL.canParse(url)) return new URL(url).origin
    const expected = expectation(environmentSchema.properties?.[key] ?? {})
    if (url) errors.push(`${builder.where(`${path}.${key}`)} must be ${expected}`)
    return url
  }
  // They add up: whoever looks on with Fiddler trusts it besides the authority of the server itself.
  if (commonCa && environment.ca) builder.origins[`${path}.ca`] += ` and ${commonOrigin}`
  const ca = [environment.ca, commonCa].filter(Boolean).join('\n')
  return { name, ...environment, ...(ca && { ca }), apiUrl: origin('apiUrl'), loginUrl: origin('loginUrl') }
}
