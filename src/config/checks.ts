import { collide, isLoopback } from './address.js'
import { suggestion } from './nearest.js'
import { builtIn, loginKeys, type Resolved } from './resolve.js'
import { allSettings, effectiveSchema, expectation, singleListener } from './settings.js'

/** Errors that only show once all sources are put together. */
export function findErrors(resolved: Resolved): string[] {
  return [ambiguous, unknownEnvironments, remote, collisions, connection].flatMap((check) => check(resolved))
}

function ambiguous({ givens, choice }: Resolved): string[] {
  if (choice.listeners <= 1) return []
  return allSettings.flatMap(({ path, section }) => {
    const given = section === singleListener ? givens.get(path) : undefined
    if (!given) return []
    return `${given.layer.where(path)} is for a single listener, but there are ${choice.listeners}: put it into the listener it is meant for`
  })
}

function unknownEnvironments({ config, givens, builder }: Resolved): string[] {
  const known = [...new Set([...builtIn, ...givens.environmentNames()])]
  const unknown = config.listeners.flatMap(({ environment }, index) => {
    if (environment === undefined || known.includes(environment)) return []
    const place = builder.where(`listeners[${index}].environment`)
    return `${place}: there is no environment ${environment}; known are ${known.join(', ')}${suggestion(environment, known)}`
  })
  const reserved = givens.get('environments.emulator')
  if (!reserved) return unknown
  return [
    `${reserved.layer.where(reserved.path)} is reserved: the emulator runs in this process and has no settings there`,
    ...unknown
  ]
}

function remote({ config, choice, builder }: Resolved): string[] {
  return config.listeners.flatMap(({ environment, host, clientKey, allowRemote }, index) => {
    const path = `listeners[${index}]`
    const unclear = ['environment', 'host', 'clientKey', 'allowRemote'].some((key) => builder.broken(`${path}.${key}`))
    if (unclear || environment === 'emulator' || isLoopback(host) || clientKey || allowRemote) return []
    const [key, consent] =
      choice.listeners > 1
        ? [`${path}.clientKey`, `${path}.allowRemote`]
        : ['SC_PROXY_CLIENT_KEY or --client-key-file', '--allow-remote']
    const place = builder.where(`${path}.host`)
    return `${place}: other machines can reach ${host}, and whoever reaches it uses your ServiceChannel login: ask for a client key (${key}), or say that this is intended (${consent})`
  })
}

function collisions({ config, choice, builder }: Resolved): string[] {
  const doors = [
    ...config.listeners.map(({ host, port }, index) => ({ host, port, path: `listeners[${index}]` })),
    ...(config.admin.enabled ? [{ ...config.admin, path: 'admin' }] : [])
  ].filter(({ path }) => !builder.broken(`${path}.host`) && !builder.broken(`${path}.port`))
  const label = ({ path }: { path: string }) => (choice.listeners <= 1 && path !== 'admin' ? 'the listener' : path)
  return doors.flatMap((door, index) =>
    doors.slice(0, index).flatMap((earlier) => {
      if (!collide(earlier, door)) return []
      const ports = [`${door.path}.port`, `${earlier.path}.port`]
      const place = ports.find((path) => builder.origins[path] !== 'default') ?? `${door.path}.port`
      return `${builder.where(place)}: ${label(earlier)} and ${label(door)} cannot both listen on port ${door.port} of ${door.host}`
    })
  )
}

function connection({ config, builder }: Resolved): string[] {
  const { tls, upstreamProxy } = config
  const errors: string[] = []
  if (tls.minVersion && tls.maxVersion && tls.minVersion > tls.maxVersion) {
    const place = builder.where('tls.minVersion')
    errors.push(
      `${place}: the oldest TLS version, ${tls.minVersion}, must not be newer than tls.maxVersion, ${tls.maxVersion}`
    )
  }
  if (upstreamProxy && !URL.canParse(upstreamProxy)) {
    errors.push(
      `${builder.where('upstreamProxy')} must be ${expectation(effectiveSchema.properties?.upstreamProxy ?? {})}`
    )
  }
  return errors
}

/** What is allowed, but perhaps not meant. */
export function findWarnings({ config, givens, choice, builder }: Resolved): string[] {
  const warnings: string[] = []
  if (config.admin.enabled && !builder.broken('admin.host') && !isLoopback(config.admin.host)) {
    const place = builder.where('admin.host')
    warnings.push(`${place}: other machines can reach ${config.admin.host}, and the admin listener asks for no key`)
  }
  const used = config.listeners.map(({ environment }) => environment)
  const unnamed = givens.strongest(loginKeys)
  if (unnamed && choice.listeners > 1 && !used.includes(choice.login)) {
    warnings.push(`${unnamed.layer.where(unnamed.path)} belongs to ${choice.login}, which no listener uses`)
  }
  if (builder.origins['listeners[0].environment'] === 'default' && choice.environment === 'emulator') {
    const able = givens.environmentNames().filter((name) => name !== 'emulator')
    const choices = able.join(' or ')
    if (choices) warnings.push(`no environment is chosen, so the emulator answers; --environment takes ${choices}`)
  }
  return warnings
}
