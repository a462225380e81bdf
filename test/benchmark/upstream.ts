import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificates } from '../support/certificates.js'
import { ask, freePort } from './ask.js'
import { nginxFile } from './nginx.js'
import { firstAnswer, loadCore, startProgram } from './program.js'
import type { Scope } from './scope.js'
import { needTool } from './tools.js'

/** The API and the login server all candidates are put in front of. */
export interface Upstream {
  readonly apiUrl: string
  readonly loginUrl: string
  /** The same API with a certificate that nobody has reason to trust. */
  readonly untrustedUrl: string
  /** The authority that signed the certificates of the others. */
  readonly ca: string
  readonly caFile: string
  /** The only token the API lets in. */
  readonly token: string
  /** How many requests it has been sent so far, logins included. */
  requests(): Promise<number>
}

export interface Shape {
  readonly name: string
  readonly title: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Bytes of the request's body. */
  readonly sends: number
  /** Bytes of the answer's. */
  readonly gets: number
}

export const shapes: readonly Shape[] = [
  { name: 'get-2k', title: 'GET, 2 KB', method: 'GET', path: '/v3/workorders', sends: 0, gets: 2_000 },
  { name: 'get-100k', title: 'GET, 100 KB', method: 'GET', path: '/v3/locations', sends: 0, gets: 100_000 },
  { name: 'post-1k', title: 'POST, 1 KB', method: 'POST', path: '/v3/workorders/1/notes', sends: 1_000, gets: 200 }
]

/** What ServiceChannel's own access tokens look like: opaque and some 500 characters long. */
const token = `AAEAA${'invented'.repeat(62)}`

/** nginx, one process on the core of the load: TLS 1.2, kept alive, certificates made now. */
export async function startUpstream(scope: Scope): Promise<Upstream> {
  const nginx = needTool('nginx')
  const folder = scope.folder()
  const [trusted, stranger] = await Promise.all([makeCertificates(), makeCertificates()])
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [api, login, untrusted, status] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const caFile = write('ca.pem', trusted.ca)
  const tls = (name: string, { cert, key }: { cert: string; key: string }) =>
    `ssl_certificate ${write(`${name}.pem`, cert)}; ssl_certificate_key ${write(`${name}.key`, key)};`

  for (const { name, gets } of shapes) write(name, bodyOf(gets))
  const answers = shapes
    .map(({ name, method, path, gets }) =>
      // nginx answers a POST from the configuration, not from a file.
      method === 'GET' ? `location = ${path} { alias ${join(folder, name)}; }` : returns(path, bodyOf(gets))
    )
    .join('\n')
  const file = write(
    'nginx.conf',
    nginxFile(
      folder,
      `ssl_protocols TLSv1.2;
  map_hash_bucket_size 2048; map $http_authorization $refused { default 1; "Bearer ${token}" 0; }
  server { listen 127.0.0.1:${api} ssl; ${tls('trusted', trusted)} if ($refused) { return 401; } ${answers} }
  server { listen 127.0.0.1:${untrusted} ssl; ${tls('stranger', stranger)} ${answers} }
  server { listen 127.0.0.1:${login} ssl; ${tls('login', trusted)} ${returns('/oauth/token', loginAnswer)} }
  server { listen 127.0.0.1:${status}; location / { stub_status; } }`
    )
  )
  const command = [nginx.path, '-p', folder, '-e', 'stderr', '-c', file]
  const program = startProgram({ command, env: nginx.env, core: loadCore, log: join(folder, 'nginx.log') })
  scope.defer(() => program.stop())
  await firstAnswer(program, { url: `http://127.0.0.1:${status}` })

  return {
    apiUrl: `https://localhost:${api}`,
    loginUrl: `https://localhost:${login}`,
    untrustedUrl: `https://localhost:${untrusted}`,
    ca: trusted.ca,
    caFile,
    token,
    async requests() {
      const { body } = await ask({ url: `http://127.0.0.1:${status}` })
      // "server accepts handled requests", and below them the three numbers
      return Number(/requests\s+\d+\s+\d+\s+(\d+)/.exec(body.toString())?.[1])
    }
  }
}

const loginAnswer = JSON.stringify({
  access_token: token,
  token_type: 'bearer',
  expires_in: 86_400,
  refresh_token: 'invented'
})

function returns(path: string, body: string): string {
  return `location = ${path} { return 200 '${body}'; }`
}

/** JSON of exactly so many bytes. */
export function bodyOf(bytes: number): string {
  return `{"Note":"${'x'.repeat(bytes - 11)}"}`
}
