import type { Readable } from 'node:stream'
import { errorCodes, Refusal } from './envelope.js'
import type { Host } from './host.js'

/** A multipart upload: how large it was and what its first file is called. The bytes themselves are not kept. */
export interface Upload {
  bytes: number
  fileName: string
}

/** The fields of a JSON object, found without regard to case, as Json.NET does. A field of another type counts as absent. */
export interface Fields {
  text(name: string): string | undefined
  number(name: string): number | undefined
  inner(name: string): Fields
}

/** Teaches a host to read JSON, to count multipart uploads as they stream by, and to ignore every other body. */
export function addBodyParsers(app: Host): void {
  app.addContentTypeParser(
    /^(application|text)\/json\b/i,
    { parseAs: 'string' },
    async (_request: unknown, text: string | Buffer) => {
      if (text.length === 0) return undefined
      try {
        return JSON.parse(text.toString())
      } catch {
        throw new Refusal(400, errorCodes.emptyRequest, 'The request is not valid JSON.')
      }
    }
  )
  app.addContentTypeParser(/^multipart\//i, async (_request: unknown, payload: Readable) => readUpload(payload))
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async () => undefined)
}

/** Reads a JSON object; refuses (400) when there is none. */
export function readFields(body: unknown): Fields {
  if (!isObject(body)) throw new Refusal(400, errorCodes.emptyRequest, 'Request is empty or null')
  return fieldsOf(body)
}

function fieldsOf(object: Record<string, unknown>): Fields {
  const byName = new Map(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]))
  const get = (name: string) => byName.get(name.toLowerCase())
  return {
    text(name) {
      const value = get(name)
      return typeof value === 'string' ? value : undefined
    },
    number(name) {
      const value = get(name)
      return typeof value === 'number' ? value : undefined
    },
    inner(name) {
      const value = get(name)
      return fieldsOf(isObject(value) ? value : {})
    }
  }
}

// The name stands in the head of the first part, so the first bytes are enough to find it.
async function readUpload(payload: Readable): Promise<Upload> {
  let head = ''
  let bytes = 0
  for await (const chunk of payload) {
    bytes += chunk.length
    if (head.length < 4096) head += chunk.toString('latin1')
  }
  return { bytes, fileName: /filename="([^"]+)"/i.exec(head)?.[1] ?? '' }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
