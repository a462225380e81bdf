import type { Config, Environment } from '../config/schema.js'
import type { Grant } from '../oauth/grant.js'
import { explainFailure } from '../upstream/failure.js'
import { describeCall, probePath } from './check-call.js'
import type { Finding } from './finding.js'
import { inTurn } from './in-turn.js'
import { type LoginResult, logInOnce } from './log-in-once.js'
import { openLoginLedger } from './login-ledger.js'
import { openSessionFile } from './open-session.js'
import { withFetch } from './with-fetch.js'

/** Where no proxy runs: one login of our own, and one call with its token. */
export async function checkLogin(
  config: Config,
  environment: Environment,
  stateDir: string | undefined
): Promise<Finding[]> {
  const { name, apiUrl, ca } = environment
  const result = await logIn(config, environment, stateDir)
  if ('found' in result) return [{ check: 'user', subject: name, status: 'wrong', ...result }]
  const findings = describeLogin(environment, result)
  if (!result.ok) return findings
  try {
    const signal = AbortSignal.timeout(config.timeouts.headersSeconds * 1000)
    const headers = { authorization: `Bearer ${result.accessToken}`, accept: 'application/json' }
    const status = await withFetch(config, ca, async (fetch) => {
      const answer = await fetch(new URL(probePath, apiUrl), { headers, signal })
      await answer.body?.cancel()
      return answer.status
    })
    findings.push(describeCall(name, status))
    const { calls, windowSeconds } = environment.quota
    if (status !== 429) {
      findings.push({
        check: 'quota',
        subject: name,
        status: 'ok',
        found: `${calls} calls in ${windowSeconds} s, and this one was let through`
      })
    }
  } catch (error) {
    findings.push({ check: 'call', subject: name, status: 'wrong', found: explainFailure(error).reason })
  }
  return findings
}

/** Why none was tried, when there is nothing to log in with. A refresh token is spent only where its successor can be kept. */
async function logIn(
  config: Config,
  environment: Environment,
  stateDir: string | undefined
): Promise<LoginResult | Pick<Finding, 'found' | 'advice'>> {
  const { name, loginUrl, credentials } = environment
  const { clientId, username, password } = credentials
  const file = await openSessionFile(environment).catch(({ message }: Error) => message)
  const advice = 'Run sc-proxy login.'
  if (typeof file === 'string') return { found: file, advice }
  const saved = await file?.read().catch(({ message }: Error) => message)
  if (typeof saved === 'string') return { found: saved, advice }
  const grant: Grant | undefined = saved
    ? { type: 'refresh_token', refreshToken: saved.refreshToken }
    : username !== undefined && password !== undefined
      ? { type: 'password', username, password }
      : undefined
  if (!grant) return { found: `there is nothing to log in to ${name} with`, advice }
  const ledger = openLoginLedger(stateDir, loginUrl, username ?? clientId)
  if (grant.type === 'password' && ledger.wasRejected(grant.password)) {
    return {
      found: 'this password was rejected before, and is not tried again by itself',
      advice: 'Correct it. If it is right, and the account has been unlocked, sc-proxy login --password-stdin tries it.'
    }
  }
  const result = await inTurn(config, environment, () =>
    logInOnce(config, environment, grant, { askedAt: saved?.askedAt, ledger })
  )
  if (result.ok && file) {
    const { askedAt, refreshToken = saved?.refreshToken } = result
    const loggedInAt = saved?.loggedInAt ?? askedAt
    if (refreshToken !== undefined)
      await file.write({ loginUrl, clientId, username: saved?.username ?? username, refreshToken, loggedInAt, askedAt })
  }
  return result
}

function describeLogin({ name, credentials }: Environment, result: LoginResult): Finding[] {
  const { clientId, username = 'whoever logged in' } = credentials
  const client = { check: 'client', subject: name }
  const user = { check: 'user', subject: name }
  if (result.ok) {
    const life = Math.round(result.lifeMs / 1000)
    return [
      { ...client, status: 'ok', found: `${clientId} is accepted` },
      { ...user, status: 'ok', found: `${username} is logged in; the token lives ${life} s` }
    ]
  }
  const { kind, message } = result
  if (kind === 'client_rejected') {
    return [
      { ...client, status: 'wrong', found: 'it is rejected', advice: message },
      { ...user, status: 'skipped', found: 'it is not looked at before the client is accepted' }
    ]
  }
  if (kind === 'grant_rejected') {
    return [
      { ...client, status: 'ok', found: `${clientId} is accepted` },
      { ...user, status: 'wrong', found: `${username} is rejected; it was tried once`, advice: message }
    ]
  }
  return [{ ...user, status: 'wrong', found: 'no login is possible now', advice: message }]
}
