import { randomUUID } from 'node:crypto'
import { generate } from 'selfsigned'

const fresh = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const

/** A throw-away authority and a server certificate signed by it, for `names` (default localhost). */
export async function makeCertificates(names: readonly string[] = ['localhost']) {
  const notBeforeDate = new Date(Date.now() - 86_400_000)
  const authority = await generate([{ name: 'commonName', value: `test authority ${randomUUID()}` }], {
    ...fresh,
    notBeforeDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true }
    ]
  })
  /** Another certificate of the same authority. */
  async function issue() {
    const server = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
      ...fresh,
      notBeforeDate,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }
      ]
    })
    return { cert: server.cert, key: server.private }
  }
  return { ca: authority.cert, ...(await issue()), issue }
}
