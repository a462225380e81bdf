/** The calls the page knows, and which of them are shown. */
export function createCalls() {
  const all = new Map()
  const marked = new Set()
  let filter = () => true
  let most = 500
  let shown = []

  /** Newest first. */
  function refresh() {
    shown = []
    for (const call of all.values()) if (filter(call)) shown.push(call)
    shown.reverse()
  }

  function trim() {
    for (const id of all.keys()) {
      if (all.size <= most) return
      all.delete(id)
      marked.delete(id)
    }
  }

  return {
    get shown() {
      return shown
    },
    get size() {
      return all.size
    },
    marked,
    get: (id) => all.get(id),
    /** Begins and ends of calls. */
    update(calls) {
      for (const call of calls) all.set(call.id, call)
      trim()
      refresh()
    },
    /** All there are. */
    replace(calls) {
      all.clear()
      for (const call of calls) all.set(call.id, call)
      for (const id of marked) if (!all.has(id)) marked.delete(id)
      refresh()
    },
    /** The recorder keeps no more than this. */
    limit(calls) {
      most = calls
    },
    filterBy(accepts) {
      filter = accepts
      refresh()
    },
    clear() {
      all.clear()
      marked.clear()
      refresh()
    }
  }
}

/**
 * Which calls match what is asked for.
 *
 * @param found the ids of calls in whose headers or bodies the text is; undefined when that was not asked
 */
export function filterOf({ text, method, status, environment, found }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return (call) => {
    if (method && call.method !== method) return false
    if (environment && call.environment !== environment) return false
    if (status && !hasStatus(call, status)) return false
    if (words.length === 0 || found?.has(call.id)) return true
    const place = `${call.method} ${call.path} ${call.status ?? ''} ${call.environment} ${call.client} ${call.requestId} ${call.problem ?? ''}`
    const lower = place.toLowerCase()
    return words.every((word) => lower.includes(word))
  }
}

function hasStatus(call, wanted) {
  if (wanted === 'open') return call.isOpen
  if (wanted === 'waited') return call.queueMs >= 1
  if (wanted === 'proxy') return !call.isOpen && (call.problem !== undefined || call.attempts === 0)
  return !call.isOpen && String(call.status).startsWith(wanted)
}
