import { lookup as resolveName } from 'node:dns/promises'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { type ConnectOptions, createConnect } from './agent.js'
import { isExempt } from './no-proxy.js'

/** What a connection to an origin turned out to be. */
export interface Probe {
  /** Undefined where a forward proxy looks the name up. */
  addresses: string[] | undefined
  /** From the start to the end of the TLS handshake, name service included. */
  tookMs: number
  /** `TLSv1.2`. */
  version: string
  cipher: string
  /** The names in the chain, the server's own first. */
  chain: string[]
  /** When the server's certificate ends. */
  validTo: Date
}

/**
 * Connects to an origin as the proxy does, looks at what is there, and hangs up before asking anything.
 *
 * @throws the error of the name service, the connection or the verification, for `explainFailure`
 */
export async function probeOrigin(options: ConnectOptions, origin: string): Promise<Probe> {
  const startedAt = performance.now()
  const { hostname, host, port } = new URL(origin)
  const isDirect = options.upstreamProxy === undefined || isExempt(options.noProxy ?? '', hostname, port || '443')
  const name = hostname.replace(/[[\]]/g, '')
  const addresses = isDirect ? (await resolveName(name, { all: true })).map(({ address }) => address) : undefined
  const socket = await connect(options, { hostname: name, host, port })
  try {
    const certificate = socket.getPeerCertificate(true)
    return {
      addresses,
      tookMs: performance.now() - startedAt,
      version: socket.getProtocol() ?? 'unknown',
      cipher: socket.getCipher().name,
      chain: namesOf(certificate),
      validTo: new Date(certificate.valid_to)
    }
  } finally {
    socket.destroy()
  }
}

function connect(
  options: ConnectOptions,
  { hostname, host, port }: Pick<URL, 'hostname' | 'host' | 'port'>
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    createConnect(options)({ hostname, host, port, protocol: 'https:' }, (error, socket) => {
      if (error) reject(error)
      else resolve(socket as TLSSocket)
    })
  })
}

/** Self-signed certificates are their own issuer, where the chain ends. */
function namesOf(certificate: DetailedPeerCertificate): string[] {
  const names: string[] = []
  const seen = new Set<DetailedPeerCertificate>()
  for (let link = certificate; link?.subject && !seen.has(link); link = link.issuerCertificate) {
    seen.add(link)
    const name = link.subject.CN ?? link.subject.O
    names.push((Array.isArray(name) ? name[0] : name) ?? 'unnamed')
  }
  return names
}
