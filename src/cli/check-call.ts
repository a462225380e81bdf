import type { Finding } from './finding.js'

/** Small, and what most users may ask. */
export const probePath = '/v3/odata/workorders?$top=1&$select=Id'

/** What the status of its answer tells. */
export function describeCall(subject: string, status: number): Finding {
  const about = { check: 'call', subject }
  if (status === 200) return { ...about, status: 'ok', found: `GET ${probePath} is answered` }
  if (status === 401 || status === 403) {
    return { ...about, status: 'ok', found: `the API answers; this user may not list work orders (${status})` }
  }
  if (status === 429) {
    const advice = 'Another program uses the quota of this client id or of the company up: wait a minute.'
    return { ...about, status: 'warning', found: 'ServiceChannel throttles this client (429)', advice }
  }
  return {
    ...about,
    status: 'warning',
    found: `the API answered ${status}`,
    advice: 'Ask again later; status.servicechannel.com may know.'
  }
}
