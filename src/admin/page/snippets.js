const hidden = '[hidden]'

/** What belongs to the connection or is put on by whatever sends the copy. */
const notCopied =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|upgrade|expect|accept-encoding|content-encoding|origin|referer|cookie|authorization|sec-fetch-.*|x-sc-proxy-key|x-request-id)$/i

/** The ways a call can be copied, by name. Each takes a call with its details and the base URL of its listener. */
export const snippets = { curl, 'HTTP file': httpFile, fetch: fetchCall, PowerShell: powerShell }

function parts(call, base) {
  const { method, target, request } = call
  const headers = request.headers.filter(({ name, value }) => !notCopied.test(name) && value !== hidden)
  const { size, text, clipped, base64 } = request.body
  const lacks =
    base64 !== undefined && size > 0
      ? 'the body is binary and not part of this copy'
      : clipped
        ? 'the body is longer than what was recorded'
        : target.includes(hidden) || text?.includes(hidden)
          ? 'values shown as [hidden] have to be filled in'
          : undefined
  return { method, url: `${base}${target}`, headers, body: size > 0 && text ? text : undefined, lacks }
}

function curl(call, base) {
  const { method, url, headers, body, lacks } = parts(call, base)
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
  const line = ['curl']
  if (method === 'HEAD') line.push('--head')
  else if (method !== (body === undefined ? 'GET' : 'POST')) line.push(`-X ${method}`)
  if (/[[\]{}]/.test(url)) line.push('--globoff')
  if (/\/\.\.?(?:[/?]|$)/.test(url)) line.push('--path-as-is')
  line.push(quoted(url))
  for (const { name, value } of headers) line.push(`-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`)
  // curl puts its own form type on a body without one.
  if (body !== undefined && !headers.some(({ name }) => name.toLowerCase() === 'content-type'))
    line.push(`-H ${quoted('content-type:')}`)
  if (body !== undefined) line.push(`--data-raw ${quoted(body)}`)
  return `${lacks ? `# ${lacks}\n` : ''}${line.join(' \\\n  ')}`
}

function httpFile(call, base) {
  const { method, url, headers, body, lacks } = parts(call, base)
  const head = [`${method} ${url}`, ...headers.map(({ name, value }) => `${name}: ${value}`)]
  return `${lacks ? `# ${lacks}\n` : ''}${head.join('\n')}\n${body === undefined ? '' : `\n${body}\n`}`
}

function fetchCall(call, base) {
  const { method, url, headers, body, lacks } = parts(call, base)
  const options = {
    ...(method !== 'GET' && { method }),
    ...(headers.length > 0 && { headers: headers.map(({ name, value }) => [name, value]) }),
    ...(body !== undefined && { body })
  }
  const given = Object.keys(options).length > 0 ? `, ${JSON.stringify(options, null, 2)}` : ''
  return `${lacks ? `// ${lacks}\n` : ''}const answer = await fetch(${JSON.stringify(url)}${given})`
}

function powerShell(call, base) {
  const { method, url, headers, body, lacks } = parts(call, base)
  // Typographic quotes end a string, too.
  const quoted = (text) => `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`
  const apart = { 'content-type': '-ContentType', 'user-agent': '-UserAgent' }
  const line = [`Invoke-RestMethod -Method ${method} -Uri ${quoted(url)}`]
  const rest = []
  for (const { name, value } of headers) {
    const parameter = apart[name.toLowerCase()]
    if (parameter) line.push(`${parameter} ${quoted(value)}`)
    else rest.push(`${quoted(name)} = ${quoted(value)}`)
  }
  if (rest.length > 0) line.push(`-Headers @{ ${rest.join('; ')} }`)
  if (body !== undefined) {
    // Windows PowerShell sends text as latin1.
    const isPlain = /^[\0-\x7f]*$/.test(body)
    line.push(`-Body ${isPlain ? quoted(body) : `([Text.Encoding]::UTF8.GetBytes(${quoted(body)}))`}`)
  }
  return `${lacks ? `# ${lacks}\n` : ''}${line.join(' `\n  ')}`
}
