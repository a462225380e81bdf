/** How many calls fit into how many seconds. */
export interface Quota {
  calls: number
  windowSeconds: number
}

/** Where an environment lives and how much it allows. Origins only: no path, no trailing slash. */
export interface EnvironmentFacts {
  apiUrl: string
  loginUrl: string
  /** Counted by ServiceChannel per client id. */
  quota: Quota
  /** Counted per company, over all its client ids. */
  companyQuota?: Quota
}

/** ServiceChannel's two environments (developer.servicechannel.com, Basics: Environments and Throttling). */
export const serviceChannelEnvironments: Readonly<Record<'sandbox2' | 'production', EnvironmentFacts>> = {
  sandbox2: {
    apiUrl: 'https://sb2api.servicechannel.com',
    loginUrl: 'https://sb2login.servicechannel.com',
    quota: { calls: 40, windowSeconds: 60 },
    companyQuota: { calls: 80, windowSeconds: 60 }
  },
  production: {
    apiUrl: 'https://api.servicechannel.com',
    loginUrl: 'https://login.servicechannel.com',
    quota: { calls: 300, windowSeconds: 60 },
    companyQuota: { calls: 600, windowSeconds: 60 }
  }
}

/** Access tokens live this long when the token endpoint does not say (Basics: Authentication). */
export const defaultTokenLifeSeconds = 600

/** `POST /oauth/token` is allowed once in this many seconds per user (Basics: Throttling). */
export const loginSpacingSeconds = 5

/**
 * The company a client id belongs to: the number in `SB.<number>.<guid>` or `PR.<number>.<guid>`. The prefix tells a
 * subscriber from a provider, not one environment from another. Undefined when the id has another shape.
 */
export function companyOf(clientId: string): string | undefined {
  return /^(?:SB|PR)\.(\d+)\./i.exec(clientId)?.[1]
}
