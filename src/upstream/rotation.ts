import type { Dispatcher } from 'undici'

/** Sends requests over connections it keeps: undici's dispatcher, as far as it is used here. */
export interface Agent {
  dispatch: Dispatcher['dispatch']
  /** Cuts every connection; what is under way fails with that error. */
  destroy(error?: Error): Promise<void>
}

/**
 * An agent that is made anew with the first request after `lifeMs`; what the old one has under way goes on to its end.
 * A connection in steady use is otherwise never closed: it would stay with an address its name has long moved away
 * from. After a suspend, all the connections of before are dead without anybody having said so.
 *
 * @param now milliseconds that go on through a suspend
 */
export function createRotation(make: () => Dispatcher, lifeMs: number, now: () => number): Agent {
  let current = make()
  let madeAt = now()
  const retired = new Set<Dispatcher>()

  function retire(agent: Dispatcher): void {
    retired.add(agent)
    const forget = () => retired.delete(agent)
    agent.close().then(forget, forget)
  }

  return {
    dispatch(request, handler) {
      if (now() - madeAt > lifeMs) {
        retire(current)
        current = make()
        madeAt = now()
      }
      return current.dispatch(request, handler)
    },
    async destroy(error = new Error('the agent was destroyed')) {
      await Promise.all([current, ...retired].map((agent) => agent.destroy(error)))
    }
  }
}
