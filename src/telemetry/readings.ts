import type { Registry } from 'prom-client'
import { atScrape } from './at-scrape.js'

/** What is looked at when metrics are asked for; nothing of it costs anything in between. */
export interface Readings {
  version: string
  environments(): Iterable<EnvironmentReading>
  /** Client connections that are open, by environment. */
  listeners(): Iterable<{ environment: string; connections(): number }>
  /** The contact with other replicas; undefined when nothing is shared. */
  sharing?: { readonly contact: { isMade: boolean; replicas: number; losses: number } } | undefined
}

/** What the rooms behind an environment tell of themselves; times in milliseconds. */
export interface EnvironmentReading {
  readonly name: string
  readonly limiter: {
    snapshot(): {
      waiting: number
      oldestWaitMs: number
      restingForMs: number
      application: WindowReading
      company: WindowReading | undefined
    }
  }
  readonly tokens: { snapshot(): { state: string; expiresInMs?: number; sessionEndsInMs?: number } }
  readonly slots: { busy(): number; waiting(): number }
}

export interface WindowReading {
  limit: number
  configured: number
  used: number
  /** What other replicas have in use; undefined when the quota is not shared. */
  elsewhere?: number | undefined
  free: number
  throttled: number
}

const loginStates = ['none', 'valid', 'expired', 'rejected', 'resting']

/** Registers the metrics whose value is what the rooms say at the moment of asking. */
export function readAtScrape(registry: Registry, { environments, listeners, sharing }: Readings): void {
  const { gauge, counter } = atScrape(registry)

  function perEnvironment(name: string, help: string, read: (environment: EnvironmentReading) => number | undefined) {
    gauge(name, help, ['environment'], (add) => {
      for (const environment of environments()) {
        const value = read(environment)
        if (value !== undefined) add({ environment: environment.name }, value)
      }
    })
  }

  function perWindow(read: (labels: { environment: string; window: string }, window: WindowReading) => void): void {
    for (const { name: environment, limiter } of environments()) {
      const { application, company } = limiter.snapshot()
      read({ environment, window: 'application' }, application)
      if (company) read({ environment, window: 'company' }, company)
    }
  }

  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000)

  perEnvironment('sc_proxy_queue_calls', 'Calls that wait for a place.', ({ limiter }) => limiter.snapshot().waiting)
  perEnvironment('sc_proxy_queue_oldest_wait_seconds', 'How long the first of them has waited.', ({ limiter }) =>
    seconds(limiter.snapshot().oldestWaitMs)
  )
  perEnvironment('sc_proxy_queue_resting_seconds', 'Until calls depart again, as ServiceChannel wants it.', (it) =>
    seconds(it.limiter.snapshot().restingForMs)
  )
  gauge('sc_proxy_places', 'Places under a quota.', ['environment', 'window', 'state'], (add) =>
    perWindow((labels, { used, elsewhere, free }) => {
      add({ ...labels, state: 'used' }, used)
      if (elsewhere !== undefined) add({ ...labels, state: 'elsewhere' }, elsewhere)
      add({ ...labels, state: 'free' }, free)
    })
  )
  gauge('sc_proxy_places_limit', 'Calls per window in force.', ['environment', 'window'], (add) =>
    perWindow((labels, { limit }) => add(labels, limit))
  )
  gauge('sc_proxy_places_configured', 'Calls per window as configured.', ['environment', 'window'], (add) =>
    perWindow((labels, { configured }) => add(labels, configured))
  )
  counter(
    'sc_proxy_throttled_total',
    'Calls that ServiceChannel refused for a quota.',
    ['environment', 'window'],
    (add) => perWindow((labels, { throttled }) => add(labels, throttled))
  )
  perEnvironment('sc_proxy_token_life_seconds', 'Until the token ends.', ({ tokens }) =>
    seconds(tokens.snapshot().expiresInMs)
  )
  perEnvironment('sc_proxy_session_life_seconds', 'Until the refresh tokens of the last login end.', ({ tokens }) =>
    seconds(tokens.snapshot().sessionEndsInMs)
  )
  gauge('sc_proxy_login_state', '1 for the state the login is in.', ['environment', 'state'], (add) => {
    for (const { name: environment, tokens } of environments()) {
      const { state } = tokens.snapshot()
      for (const each of loginStates) add({ environment, state: each }, Number(each === state))
    }
  })
  if (sharing) {
    const { contact } = sharing
    gauge('sc_proxy_redis_up', '1 while quota and token are shared; 0 while this proxy is alone.', [], (add) =>
      add({}, Number(contact.isMade))
    )
    gauge('sc_proxy_redis_replicas', 'Proxies at work on the same quota, as last heard.', [], (add) =>
      add({}, contact.replicas)
    )
    counter('sc_proxy_redis_losses_total', 'How often the contact with Redis was lost.', [], (add) =>
      add({}, contact.losses)
    )
  }
  gauge('sc_proxy_client_connections', 'Connections of clients.', ['environment'], (add) => {
    for (const { environment, connections } of listeners()) add({ environment }, connections())
  })
  perEnvironment('sc_proxy_upstream_connections', 'Connections to the API that carry a call.', ({ slots }) =>
    slots.busy()
  )
  perEnvironment('sc_proxy_upstream_connections_waiting', 'Calls that wait for one.', ({ slots }) => slots.waiting())
}
