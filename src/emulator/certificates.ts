import { generate } from 'selfsigned'

export interface Certificates {
  /** PEM of the authority; a client that trusts it trusts the servers. Its private key is forgotten at once. */
  ca: string
  cert: string
  key: string
}

// Elliptic-curve keys: made in milliseconds, where an RSA pair would hold up the start by a second.
const fresh = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const

/**
 * Makes a throw-away certificate authority and one server certificate signed by it, for `localhost`, 127.0.0.1, ::1 and
 * the given host name. Valid for a year, from a day ago so that a clock that is a little off does no harm. Nothing
 * touches the disk.
 */
export async function createCertificates(host: string): Promise<Certificates> {
  const notBeforeDate = new Date(Date.now() - 86_400_000)
  const authority = await generate([{ name: 'commonName', value: 'ServiceChannel emulator, throw-away CA' }], {
    ...fresh,
    notBeforeDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true }
    ]
  })
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...fresh,
    notBeforeDate,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          ...(/^[\d.]+$|:/.test(host) ? [] : [{ type: 2, value: host } as const]),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' }
        ]
      }
    ]
  })
  return { ca: authority.cert, cert: server.cert, key: server.private }
}
