import { type Document, objectOf } from './document.js'

export interface ReadPorts {
  readFile(path: string): Promise<string>
  /** Follows no redirects by itself. */
  fetch(url: string, init: { signal: AbortSignal }): Promise<Response>
}

/** How long a description may take to arrive. */
const mostMs = 30_000
const mostRedirects = 5

/** Whether a description is to be fetched; otherwise it is a file. */
export const isUrl = (source: string): boolean => /^https?:\/\//i.test(source)

/**
 * Reads a description of an API, Swagger 2.0 or OpenAPI 3 in JSON, from a file or an address.
 *
 * @throws Error with one sentence: what cannot be read or used, and why
 */
export async function readDocument(source: string, ports: ReadPorts): Promise<Document> {
  return parseDocument(await (isUrl(source) ? fetchText(source, ports) : readText(source, ports)), nameOf(source))
}

/** An address without what may be a secret in it. */
function nameOf(source: string): string {
  if (!isUrl(source)) return source
  if (!URL.canParse(source)) throw new Error('The address of the description is none')
  const { origin, pathname } = new URL(source)
  return `${origin}${pathname}`
}

function parseDocument(text: string, source: string): Document {
  let document: Document
  try {
    document = objectOf(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch {
    throw new Error(`${source} is not JSON; a description in YAML has to be converted first`)
  }
  const version = document.swagger ?? document.openapi
  if (document.swagger !== '2.0' && !/^3\.\d/.test(String(document.openapi))) {
    throw new Error(
      version === undefined
        ? `${source} is no description of an API: it says neither "swagger" nor "openapi"`
        : `${source} is of version ${JSON.stringify(version)}, and only Swagger 2.0 and OpenAPI 3 can be read`
    )
  }
  if (Object.keys(objectOf(document.paths)).length === 0) throw new Error(`${source} describes no paths`)
  return document
}

async function readText(path: string, { readFile }: ReadPorts): Promise<string> {
  return readFile(path).catch(({ code, message }: NodeJS.ErrnoException) => {
    const reason = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'permission denied' }[
      code ?? ''
    ]
    throw new Error(`${path} cannot be read: ${reason ?? message}`)
  })
}

async function fetchText(source: string, { fetch }: ReadPorts): Promise<string> {
  const signal = AbortSignal.timeout(mostMs)
  let url = source
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await fetch(url, { signal }).catch((error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message
      throw new Error(`${nameOf(url)} cannot be fetched: ${cause}`)
    })
    const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get('location') : null
    if (location === null) {
      if (!answer.ok) throw new Error(`${nameOf(url)} cannot be fetched: the answer is ${answer.status}`)
      return answer.text()
    }
    const next = new URL(location, url)
    // Whoever asks over TLS is not led to where anybody could answer.
    if (!isUrl(next.href) || (url.toLowerCase().startsWith('https:') && next.protocol !== 'https:'))
      throw new Error(`${nameOf(url)} leads to ${next.origin}, which is not followed`)
    url = next.href
  }
  throw new Error(`${nameOf(source)} leads from one address to the next without end`)
}
