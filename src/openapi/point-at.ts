import { type Document, isSwagger2, listOf, methods, objectOf, resolve, textOf } from './document.js'

/** Where calls go, in place of whatever server a description names. */
export interface Server {
  /** `http://localhost:8080` */
  origin: string
  description: string
  wantsClientKey: boolean
}

/**
 * The document with one server, the given one, and nothing to log in with, except for the key a listener may want.
 * The path before all paths is kept, also where Swagger 2.0 has it in `host`, which is not legal but is done.
 */
export function pointAt(document: Document, server: Server): Document {
  const { securityDefinitions: _, security: __, servers: ___, ...rest } = document
  const paths = Object.entries(objectOf(document.paths)).map(([path, item]) => [
    path,
    openItem(document, objectOf(item))
  ])
  const common = { ...rest, paths: Object.fromEntries(paths) }
  const scheme = { type: 'apiKey', in: 'header', name: 'x-sc-proxy-key', description: 'The key of this listener.' }
  const key = server.wantsClientKey ? { clientKey: scheme } : undefined
  const security = key && { security: [{ clientKey: [] }] }
  if (isSwagger2(document)) {
    const { host, protocol } = new URL(server.origin)
    return {
      ...common,
      host,
      schemes: [protocol.slice(0, -1)],
      basePath: basePathOf(document) || '/',
      ...security,
      ...(key && { securityDefinitions: key })
    }
  }
  const { securitySchemes: ____, ...components } = objectOf(document.components)
  const { description } = server
  return {
    ...common,
    servers: [{ url: `${server.origin}${basePathOf(document)}`, description }],
    ...security,
    components: { ...components, ...(key && { securitySchemes: key }) }
  }
}

/** The path that all paths of the document begin with; empty, or with a slash in front and none behind. */
export function basePathOf(document: Document): string {
  if (!isSwagger2(document)) return pathOfServer(listOf(document.servers)[0])
  const [, inHost = ''] = /^[^/]*(\/.*)$/.exec(textOf(document.host) ?? '') ?? []
  return tidy(`${inHost}/${textOf(document.basePath) ?? ''}`)
}

/** The path of a server (OpenAPI 3.1.1 §4.8.5), its variables replaced by their defaults. */
function pathOfServer(server: unknown): string {
  const { url, variables } = objectOf(server)
  const filled = (textOf(url) ?? '').replace(/\{([^}]*)\}/g, (_, name: string) =>
    String(objectOf(objectOf(variables)[name]).default ?? '')
  )
  return tidy(filled.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/]*/i, '').replace(/[?#].*$/, ''))
}

function tidy(path: string): string {
  return `/${path}`.replace(/\/{2,}/g, '/').replace(/\/$/, '')
}

function openItem(document: Document, item: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { servers: _, ...rest } = item
  const opened = Object.entries(rest).map(([key, value]) => {
    if (key === 'parameters') return [key, withoutCredentials(document, value)]
    if (!(methods as readonly string[]).includes(key)) return [key, value]
    const { security: __, servers: ___, schemes: ____, ...operation } = objectOf(value)
    const { parameters } = operation
    return [
      key,
      { ...operation, ...(parameters !== undefined && { parameters: withoutCredentials(document, parameters) }) }
    ]
  })
  return Object.fromEntries(opened)
}

/** The proxy puts its own token on, and nobody is to be asked for one. */
export function withoutCredentials(document: Document, parameters: unknown): unknown[] {
  return listOf(parameters).filter((parameter) => {
    const { in: place, name } = resolve(document, parameter) ?? {}
    return !(place === 'header' && /^(?:proxy-)?authorization$/i.test(String(name))) && place !== 'cookie'
  })
}
