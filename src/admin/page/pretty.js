const tokens = /"(?:[^"\\]|\\[\s\S])*(?:"|$)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[a-z]+|[{}[\],:]|\s+|[\s\S]/g

/**
 * JSON text, indented, as pieces of text with what each is: `name`, `string`, `number`, `word` or undefined. It is never
 * parsed: ids beyond 2^53 and numbers such as 250.0 stay as they are, and text that was clipped is indented as far
 * as it goes. Undefined when it is no JSON.
 */
export function prettyJson(text) {
  if (!/^\s*[[{]/.test(text)) return undefined
  const pieces = []
  let depth = 0
  let pending = ''
  const line = () => `\n${'  '.repeat(depth)}`
  const found = [...text.matchAll(tokens)].map(([token]) => token).filter((token) => token.trim() !== '')
  for (const [i, token] of found.entries()) {
    if (token === '{' || token === '[') {
      pieces.push([pending + token])
      depth++
      const isEmpty = found[i + 1] === '}' || found[i + 1] === ']'
      pending = isEmpty ? '' : line()
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1)
      const isEmpty = found[i - 1] === '{' || found[i - 1] === '['
      pieces.push([(isEmpty ? '' : line()) + token])
      pending = ''
    } else if (token === ',') {
      pieces.push([token])
      pending = line()
    } else if (token === ':') {
      pieces.push([': '])
    } else {
      const kind = kindOf(token, found[i + 1])
      // A letter that no token begins with, in the middle of it: this is something else.
      if (kind === undefined) return undefined
      if (pending) pieces.push([pending])
      pieces.push([token, kind])
      pending = ''
    }
  }
  return pieces
}

function kindOf(token, next) {
  if (token.startsWith('"')) return next === ':' ? 'name' : 'string'
  if (/^-?\d/.test(token)) return 'number'
  // The beginning of a word is all that may be left of it at the end of a clipped text.
  return /^(?:true|false|null)$/.test(token) || (next === undefined && isBeginning(token)) ? 'word' : undefined
}

const isBeginning = (token) => ['true', 'false', 'null', '-'].some((word) => word.startsWith(token))

/** Bytes as other tools show them: offset, hexadecimal, letters. */
export function hexDump(bytes, most = 1024) {
  const lines = []
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const part = [...bytes.subarray(at, Math.min(at + 16, most))]
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const letters = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${letters}`)
  }
  if (bytes.length > most) lines.push(`… and ${bytes.length - most} bytes more`)
  return lines.join('\n')
}
