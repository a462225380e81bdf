import type { TokenStore } from '../oauth/token-store.js'

/** Why calls would fail for want of a token, one sentence per environment; empty when none would. */
export function loginObstacles(environments: Iterable<{ name: string; tokens: TokenStore }>): string[] {
  const obstacles: string[] = []
  for (const { name, tokens } of environments) {
    const { state, restingForMs = 0 } = tokens.snapshot()
    if (state === 'logged_out') obstacles.push(`There is nothing to log in to ${name} with: run sc-proxy login.`)
    if (state === 'rejected')
      obstacles.push(
        `${name} rejected the login and there is no valid token: correct the credentials, or run sc-proxy login.`
      )
    if (state === 'resting')
      obstacles.push(
        `The login of ${name} failed and rests for ${Math.ceil(restingForMs / 1000)} s more; there is no valid token.`
      )
  }
  return obstacles
}
