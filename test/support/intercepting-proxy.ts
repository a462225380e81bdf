import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { Proxy as Interceptor } from 'http-mitm-proxy'
import type { Test } from 'tap'

/** One request as the proxy saw it: decrypted, or plain. */
export interface Seen {
  method: string
  host: string
  url: string
  headers: Record<string, string | string[] | undefined>
  body: string
  /** Undefined where it came in the clear. */
  tls: string | null | undefined
}

export interface InterceptionOptions {
  /** The authority of the servers beyond. */
  trusts?: string
  /** `user:password` it asks for (RFC 9110 §11.7.1). */
  login?: string
  /** The schemes it offers with 407. */
  challenges?: string[]
  /** Cuts the answer to these paths after its first bytes. */
  cuts?: RegExp
}

// The library tells what it does on the console, which is where TAP goes.
console.debug = () => {}
console.error = () => {}

/** Its authority and the certificates it has signed: making their keys takes half a second. */
const folder = mkdtempSync(join(tmpdir(), 'sc-proxy-test-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/**
 * A proxy that opens TLS, as Fiddler, Charles and corporate proxies do: with an authority of its own, made here, that signs
 * a certificate for every name on the way. Plain requests it passes on.
 */
export async function startInterceptingProxy(t: Test, options: InterceptionOptions = {}) {
  const seen: Seen[] = []
  const connects: string[] = []
  const proxy = new Interceptor()

  proxy.onConnect((request, socket, _head, proceed) => {
    const given = request.headers['proxy-authorization']
    const wanted = options.login && `Basic ${Buffer.from(options.login).toString('base64')}`
    if (wanted === undefined || given === wanted) {
      connects.push(request.url ?? '')
      proceed()
      return
    }
    const challenges = (options.challenges ?? ['Basic realm="proxy"']).map((it) => `Proxy-Authenticate: ${it}\r\n`)
    socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${challenges.join('')}\r\n`)
  })
  proxy.onRequest((context, proceed) => {
    const { method = '', url = '', headers, socket } = context.clientToProxyRequest
    const tls = (socket as Partial<TLSSocket>).getProtocol?.()
    const entry: Seen = { method, host: headers.host ?? '', url, headers: { ...headers }, body: '', tls }
    seen.push(entry)
    context.onRequestData((_, chunk, next) => {
      entry.body += chunk
      next(null, chunk)
    })
    if (options.cuts?.test(url)) {
      context.onResponseData((_, chunk, next) => {
        next(null, chunk)
        setImmediate(() => socket.destroy())
      })
    }
    proceed()
  })

  await new Promise<void>((resolve, reject) => {
    const httpsAgent = new https.Agent({ ca: options.trusts })
    const listening = (error?: Error | null) => (error ? reject(error) : resolve())
    proxy.listen({ host: '127.0.0.1', port: 0, sslCaDir: folder, httpsAgent }, listening)
  })
  t.teardown(() => {
    proxy.close()
  })
  const caFile = join(folder, 'certs/ca.pem')
  return {
    url: `http://127.0.0.1:${proxy.httpPort}`,
    port: proxy.httpPort,
    caFile,
    ca: readFileSync(caFile, 'utf8'),
    seen,
    connects
  }
}
