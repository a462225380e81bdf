/** Three separate truths about the process, as plain questions; none of them dials anybody. */
export interface Health {
  /** All listeners accept connections. */
  hasStarted(): boolean
  /** Why the proxy should get no calls now, one sentence each; empty when it should. */
  obstacles(): string[]
  /** What should be known although calls are served, one sentence each. */
  remarks?(): string[]
}

export interface HealthAnswer {
  status: 200 | 503
  body: { status: string; reasons?: string[]; remarks?: string[] }
}

/** Has the process come up? For startup probes. */
export function startup(health: Health): HealthAnswer {
  return health.hasStarted()
    ? { status: 200, body: { status: 'started' } }
    : { status: 503, body: { status: 'starting' } }
}

/** Should calls be sent here? Red from the first SIGTERM on, and while no login is possible and no token is left. */
export function readiness(health: Health): HealthAnswer {
  const reasons = health.hasStarted() ? health.obstacles() : ['The listeners are not open yet.']
  const remarks = health.remarks?.() ?? []
  return reasons.length === 0
    ? { status: 200, body: { status: 'ready', ...(remarks.length > 0 && { remarks }) } }
    : { status: 503, body: { status: 'not ready', reasons } }
}

/** Does the event loop turn? Answering is the proof; a proxy that cannot log in is not helped by a restart. */
export function liveness(): HealthAnswer {
  return { status: 200, body: { status: 'alive' } }
}
