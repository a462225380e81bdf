export interface StrictRequest {
  method: string
  target: string
  /** Name and value, in their order. */
  headers: [string, string][]
  body: string
}

// More than one space before the version may be taken (RFC 9112 §3).
const requestLine = /^([!#$%&'*+.^_`|~\w-]+) ([\x21-\x7e]+) +HTTP\/1\.([01])\r\n/
const fieldLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n/

/**
 * Reads requests (latin1, a letter is a byte) by the letter of RFC 9112 and nothing beyond, up to the first thing that
 * is not one. `rest` is what could not be read.
 */
export function readStrictly(text: string): { requests: StrictRequest[]; rest: string } {
  const requests: StrictRequest[] = []
  let rest = text
  for (let read = readOne(rest); read; read = readOne(rest)) {
    requests.push(read.request)
    rest = read.rest
  }
  return { requests, rest }
}

function readOne(text: string): { request: StrictRequest; rest: string } | undefined {
  // RFC 9112 §2.2: empty lines before a request are passed over, and LF may end one.
  const start = text.replace(/^[\r\n]+/, '')
  const line = requestLine.exec(start)
  const head = line && readFields(start.slice(line[0].length))
  if (!line || !head) return undefined
  const [, method = '', target = '', minor] = line
  const valuesOf = (name: string) => head.fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
  const [codings, lengths] = [valuesOf('transfer-encoding'), valuesOf('content-length')]
  if (codings.length > 0 && (minor === '0' || codings.join().toLowerCase() !== 'chunked' || lengths.length > 0))
    return undefined
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] ?? '0')) return undefined
  const body = codings.length > 0 ? readChunks(head.rest) : readLength(head.rest, Number(lengths[0] ?? 0))
  return body && { request: { method, target, headers: head.fields, body: body.text }, rest: body.rest }
}

function readFields(text: string): { fields: [string, string][]; rest: string } | undefined {
  const fields: [string, string][] = []
  let rest = text
  for (let line = fieldLine.exec(rest); line; line = fieldLine.exec(rest)) {
    fields.push([line[1] ?? '', line[2] ?? ''])
    rest = rest.slice(line[0].length)
  }
  return rest.startsWith('\r\n') ? { fields, rest: rest.slice(2) } : undefined
}

function readLength(text: string, length: number): { text: string; rest: string } | undefined {
  return text.length >= length ? { text: text.slice(0, length), rest: text.slice(length) } : undefined
}

function readChunks(text: string): { text: string; rest: string } | undefined {
  let body = ''
  for (let rest = text; ; ) {
    const line = /^([0-9a-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n/i.exec(rest)
    if (!line) return undefined
    rest = rest.slice(line[0].length)
    const size = Number.parseInt(line[1] ?? '', 16)
    if (size === 0) {
      const trailers = readFields(rest)
      return trailers && { text: body, rest: trailers.rest }
    }
    if (rest.slice(size, size + 2) !== '\r\n') return undefined
    body += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
}
