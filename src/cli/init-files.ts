import { basename, dirname, extname, join } from 'node:path'
import type { WrittenFile } from './write-files.js'

/** What `init` has found out. A secret that is undefined comes from the environment of the process, or is not needed. */
export interface Answers {
  environment: string
  /** Of an environment of one's own. */
  apiUrl?: string | undefined
  loginUrl?: string | undefined
  caFile?: string | undefined
  upstreamProxy?: string | undefined
  clientId: string
  clientSecret: string
  username?: string | undefined
  password?: string | undefined
  /** Logged in in the browser: the session is kept. */
  keepsSession: boolean
  callbackUrl?: string | undefined
  /** The key of the session file, where no keyring keeps it. */
  sessionKey?: string | undefined
}

/**
 * The configuration file, with a comment at everything a newcomer may want to change, and the files of its secrets beside it.
 *
 * @param inEnvironment the secrets are not written; variables hold them
 */
export function filesFor(output: string, answers: Answers, inEnvironment: boolean): WrittenFile[] {
  const stem = join(dirname(output), basename(output, extname(output)))
  const secrets: WrittenFile[] = []
  const rows: (string | [key: string, value: unknown])[] = []
  const secret = (key: string, variable: string, value: string | undefined) => {
    if (value === undefined) return
    const path = `${stem}.${key.replace(/[A-Z]/g, '-$&').toLowerCase()}`
    if (inEnvironment) rows.push(`${variable} holds it.`)
    else rows.push([`${key}File`, basename(path)])
    if (!inEnvironment) secrets.push({ path, text: `${value}\n`, isSecret: true })
  }

  rows.push('Where requests go. In production they are real work orders and real money.', [
    'environment',
    answers.environment
  ])
  rows.push('Programs of this machine call http://localhost:8080.', ['port', 8080])
  rows.push('true lets in only requests that change nothing.', ['readOnly', answers.environment === 'production'])
  rows.push('The client id, and its secret in a file only you can read.', ['clientId', answers.clientId])
  secret('clientSecret', 'SC_PROXY_CLIENT_SECRET', answers.clientSecret)
  if (answers.username !== undefined) rows.push('The user the calls are made as.', ['username', answers.username])
  secret('password', 'SC_PROXY_PASSWORD', answers.password)
  if (answers.keepsSession) {
    rows.push('The session of "sc-proxy login", encrypted; 30 days after the login another is needed.')
    rows.push(['sessionFile', `${basename(stem)}.session`])
    secret('sessionKey', 'SC_PROXY_SESSION_KEY', answers.sessionKey)
    if (answers.callbackUrl !== undefined) rows.push(['callbackUrl', answers.callbackUrl])
  }
  if (answers.caFile !== undefined) rows.push(['caFile', answers.caFile])
  if (answers.upstreamProxy !== undefined) rows.push(['upstreamProxy', answers.upstreamProxy])
  const { apiUrl, loginUrl } = answers
  if (apiUrl !== undefined) rows.push(['environments', { [answers.environment]: { apiUrl, loginUrl } }])
  return [...secrets, { path: output, text: commented(rows), isSecret: false }]
}

function commented(rows: readonly (string | [string, unknown])[]): string {
  const last = rows.findLastIndex((row) => typeof row !== 'string')
  const lines = rows.map((row, index) => {
    if (typeof row === 'string') return `  // ${row}`
    const [key, value] = row
    return `  ${JSON.stringify(key)}: ${JSON.stringify(value)}${index < last ? ',' : ''}`
  })
  return `// Settings of sc-proxy; "sc-proxy help start" lists them all.\n{\n${lines.join('\n')}\n}\n`
}
