import type { Environment } from '../config/schema.js'
import { explainFailure } from '../upstream/failure.js'
import { isExempt } from '../upstream/no-proxy.js'
import { type Probe, probeOrigin } from '../upstream/probe.js'
import type { Finding } from './finding.js'
import { type NetworkSettings, withFetch } from './with-fetch.js'

/** A certificate that ends sooner than this is worth a word. */
const soonMs = 14 * 24 * 3600 * 1000

/** Beyond this, certificates and dates in answers begin to be misjudged. */
const noticeableSkewMs = 60_000

/** The way to both hosts of an environment: name, connection, TLS and its chain, forward proxy, clock. */
export async function checkNetwork(network: NetworkSettings, environment: Environment): Promise<Finding[]> {
  const { apiUrl, loginUrl } = environment
  const origins = [...new Set([loginUrl, apiUrl])]
  const ways = await Promise.all(origins.map((origin) => checkWay(network, environment, origin)))
  const isLoginReached = !ways[0]?.some(({ status }) => status === 'wrong')
  return [...ways.flat(), ...(isLoginReached ? await checkClock(network, environment) : [])]
}

async function checkWay(network: NetworkSettings, { ca }: Environment, origin: string): Promise<Finding[]> {
  const subject = new URL(origin).host
  const { upstreamProxy, noProxy = '' } = network
  const isTunnelled =
    upstreamProxy !== undefined && !isExempt(noProxy, new URL(origin).hostname, new URL(origin).port || '443')
  const proxied: Finding[] = isTunnelled
    ? [{ check: 'proxy', subject, status: 'ok', found: `goes through ${new URL(upstreamProxy).host}` }]
    : []
  try {
    return [...proxied, ...describe(subject, await probeOrigin({ ...network, ca }, origin))]
  } catch (error) {
    const { kind, reason } = explainFailure(error)
    const check = kind === 'untrusted' ? 'tls' : isUnknownName(error) ? 'dns' : 'connect'
    return [...proxied, { check, subject, status: 'wrong', found: reason, advice: advices[check] }]
  }
}

const advices = {
  dns: 'Check the name in the configuration, the network, and whether this machine must use a proxy (--upstream-proxy).',
  connect: 'Check the network and the firewall, and whether this machine must use a proxy (--upstream-proxy).',
  tls: 'If a corporate proxy opens TLS, name its authority with --ca-file; else something stands in for the server.'
}

function isUnknownName(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo'
}

function describe(subject: string, { addresses, tookMs, version, cipher, chain, validTo }: Probe): Finding[] {
  const endsSoon = validTo.getTime() - Date.now() < soonMs
  const until = validTo.toISOString().slice(0, 10)
  return [
    ...(addresses ? [{ check: 'dns', subject, status: 'ok' as const, found: addresses.join(', ') }] : []),
    { check: 'connect', subject, status: 'ok', found: `${Math.round(tookMs)} ms` },
    {
      check: 'tls',
      subject,
      status: endsSoon ? 'warning' : 'ok',
      found: `${version}, ${cipher}; ${chain.join(' ← ')}; verified, until ${until}`,
      ...(endsSoon && { advice: 'The certificate ends soon: its owner must renew it.' })
    }
  ]
}

/** By the `Date` of the login server's front page, which asks nothing of the login. */
async function checkClock(network: NetworkSettings, { loginUrl, ca }: Environment): Promise<Finding[]> {
  const about = { check: 'clock', subject: new URL(loginUrl).host }
  try {
    const askedAt = Date.now()
    const signal = AbortSignal.timeout(network.timeouts.loginSeconds * 1000)
    const { headers } = await withFetch(network, ca, (fetch) => fetch(loginUrl, { method: 'HEAD', signal }))
    const skewMs = Date.parse(headers.get('date') ?? '') - (askedAt + Date.now()) / 2
    if (Number.isNaN(skewMs)) return [{ ...about, status: 'skipped', found: 'it does not tell the time' }]
    const found = `this machine is ${Math.abs(Math.round(skewMs / 1000))} s ${skewMs > 0 ? 'behind' : 'ahead'}`
    if (Math.abs(skewMs) < noticeableSkewMs) return [{ ...about, status: 'ok', found }]
    return [
      { ...about, status: 'warning', found, advice: 'Set the clock, best by NTP: certificates are judged by it.' }
    ]
  } catch (error) {
    return [{ ...about, status: 'skipped', found: explainFailure(error).reason }]
  }
}
