import { generate } from 'selfsigned'

export interface CertificateOptions {
  /** The names it is for; default `localhost`. */
  names?: readonly string[]
  /** The name of the authority that signs it. Two of the same name are still two authorities. */
  authority?: string
  /** When it ends; default in a year. */
  notAfterDate?: Date
}

const dayMs = 86_400_000
const fresh = {
  keyType: 'ec',
  curve: 'P-256',
  algorithm: 'sha256',
  notBeforeDate: new Date(Date.now() - dayMs)
} as const
let authorities = 0

/** A throw-away authority (`ca`) and a server certificate signed by it. */
export async function makeCertificates({ names = ['localhost'], authority, notAfterDate }: CertificateOptions = {}) {
  const { cert: ca, private: caKey } = await generate(
    [{ name: 'commonName', value: authority ?? `authority ${++authorities}` }],
    {
      ...fresh,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true }
      ]
    }
  )
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    ...fresh,
    ...(notAfterDate && { notAfterDate }),
    ca: { key: caKey, cert: ca },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }
    ]
  })
  return { ca, cert, key }
}
