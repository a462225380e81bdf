import type { Config } from '../config/schema.js'
import type { Finding } from './finding.js'

/** No older one is promised to do, nor tested. */
const oldestMajor = 7

/** What the proxy would share with its replicas through: reached, verified, logged in at, and of use. Nothing without `redis.url`. */
export async function checkRedis({ redis }: Pick<Config, 'redis'>): Promise<Finding[]> {
  const { url, username, password, ca, keyPrefix } = redis
  if (url === undefined) return []
  // Loaded here, so that whoever shares nothing need not wait for it.
  const { probeRedis } = await import('../redis/probe.js')
  const about = { check: 'redis', subject: new URL(url).host }
  const probe = await probeRedis({ url, username, password, ca }, keyPrefix)
  if ('reason' in probe)
    return [{ ...about, status: 'wrong', found: probe.reason, advice: adviceFor(probe.reason, keyPrefix) }]
  const { version, tookMs, denied } = probe
  const way = /^rediss:/i.test(url) ? 'over verified TLS' : 'without TLS'
  const found = `${version}, ${Math.round(tookMs)} ms, ${way}`
  if (denied.length > 0) {
    const missing = `its user may not ${denied.join(', ')}`
    return [{ ...about, status: 'wrong', found: `${found}; ${missing}`, advice: rightsOn(keyPrefix) }]
  }
  if (Number(/\d+/.exec(version)?.[0]) < oldestMajor)
    return [{ ...about, status: 'warning', found, advice: `Use version ${oldestMajor} or newer, of Redis or Valkey.` }]
  return [{ ...about, status: 'ok', found: `${found}; its user may do all that is needed` }]
}

const rightsOn = (keyPrefix: string) =>
  `Give its user what docs/replicas.md lists, EVAL and EVALSHA among it, on keys that begin with ${keyPrefix} (~${keyPrefix}*).`

/** By the code or the first word of what `reasonOf` says. */
function adviceFor(reason: string, keyPrefix: string): string {
  if (/^(WRONGPASS|NOAUTH)/.test(reason)) return 'Check redis.username and redis.password or redis.passwordFile.'
  if (/^NOPERM/.test(reason)) return rightsOn(keyPrefix)
  if (/^READONLY|^MASTERDOWN/.test(reason)) return 'redis.url must lead to the primary, also after a failover.'
  if (/CERT|SIGNED|ISSUER|VERIFY/.test(reason))
    return 'Name the authority of its certificate with redis.caFile, and the server as its certificate does.'
  if (/^ENOTFOUND|^EAI_AGAIN/.test(reason)) return 'Check the name in redis.url.'
  if (/^[A-Z]+: /.test(reason)) return 'Until that has changed, proxies keep to their parts of the safe share.'
  return 'Check host and port in redis.url, whether it speaks TLS (rediss://) or not, and the network between.'
}
