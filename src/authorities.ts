import tls from 'node:tls'

/** The well-known authorities and this one; undefined, which leaves it to Node, without one. */
export function trustedWith(ca: string | undefined): string[] | undefined {
  if (ca === undefined) return undefined
  // Newer Node versions can name what they really trust, NODE_EXTRA_CA_CERTS included.
  const modern = tls as { getCACertificates?: (type: 'default') => string[] }
  return [...(modern.getCACertificates?.('default') ?? tls.rootCertificates), ca]
}
