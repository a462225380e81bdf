import { resolve } from 'node:path'
import { createBuilder, type Origins } from './build.js'
import { findErrors, findWarnings } from './checks.js'
import { collect } from './collect.js'
import { type ReadFile, readConfigFile } from './files.js'
import { type FlagsOf, readFlags } from './flags.js'
import { mergeGivens } from './givens.js'
import { findMissing } from './missing.js'
import { callsOut, choose, resolveConfig } from './resolve.js'
import type { Config } from './schema.js'
import { readProxyVariables, readVariables, thisMachine, type Variables } from './variables.js'

export type { Origins } from './build.js'
export type { Config, Environment, Listener } from './schema.js'

export interface LoadInput {
  /** Without node, script and the word that names the command. */
  argv: readonly string[]
  env: Variables
  /** Reads a text file or throws as `readFileSync` does, which is the default. */
  readFile?: ReadFile
  /** From where relative file names in flags and variables count; the current folder by default. */
  cwd?: string
  /** The command it is for; one that makes use of every setting by default. */
  command?: FlagsOf
}

export type Loaded =
  | { ok: true; config: Config; origins: Origins; warnings: string[] }
  | { ok: false; errors: string[]; warnings: string[] }

/**
 * Puts the effective configuration together, leaf by leaf: flag before variable before file before HTTPS_PROXY and
 * NO_PROXY before default. Never throws; every error there is comes at once, as a sentence that names the place and
 * what is expected, and holds no secret.
 */
export function loadConfig({ argv, env, readFile, cwd = '.', command }: LoadInput): Loaded {
  const errors: string[] = []
  const warnings: string[] = []
  const base = resolve(cwd)
  const flags = readFlags(argv, base, errors, command)
  const variables = readVariables(env, base, errors, warnings)
  const named = flags.config === undefined ? variables : flags
  const file =
    named.config === undefined ? undefined : readConfigFile(named.config, named.where('config'), base, errors, readFile)
  const ours = [...(file ? [file] : []), variables, flags].map((layer) => collect(layer, errors))
  // What could not be read cannot be missed: the rest would be guesses.
  const unread = named.config !== undefined && !file
  if (unread || variables.incomplete || flags.incomplete) return { ok: false, errors: distinct(errors), warnings }

  const own = mergeGivens(ours)
  const choice = choose(own)
  // What nobody asks for here need not be of use.
  const isAsked = callsOut(own, choice) && (command?.settings?.includes('upstreamProxy') ?? true)
  const standard = readProxyVariables(isAsked ? env : {}, base, (path) => !own.get(path))
  const givens = mergeGivens([collect(standard, errors), ...ours])
  const builder = createBuilder(givens, errors, readFile)
  const config = resolveConfig(givens, choice, builder, errors)
  if (givens.get('upstreamProxy')?.layer === standard) {
    config.noProxy = [config.noProxy, thisMachine].filter(Boolean).join(',')
    builder.origins.noProxy ??= builder.origins.upstreamProxy ?? ''
  }
  const resolved = { config, givens, choice, builder }
  errors.push(...findErrors(resolved), ...findMissing(resolved))
  warnings.push(...findWarnings(resolved))
  return errors.length > 0
    ? { ok: false, errors: distinct(errors), warnings }
    : { ok: true, config, origins: builder.origins, warnings }
}

const distinct = (sentences: string[]) => [...new Set(sentences)]
