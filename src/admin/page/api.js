const key = 'sc-proxy-inspector-token'

let token = tokenFromAddress() ?? recall()

/** The address with the token is what the proxy prints; it does not stay where others may read it. */
function tokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given === null) return undefined
  history.replaceState(null, '', location.pathname)
  keep(given)
  return given
}

function recall() {
  try {
    return sessionStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function keep(value) {
  try {
    sessionStorage.setItem(key, value)
  } catch {
    // Without storage it is asked for again after a reload.
  }
}

/** Uses another token from now on, and in this tab after a reload. */
export function useToken(value) {
  token = value
  keep(value)
}

/** A failure that the API has a sentence for. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** Asks the API. Rejects with ApiError, or with TypeError when nobody answers. */
export async function ask(path, { method = 'GET', body } = {}) {
  const answer = await fetch(path, {
    method,
    cache: 'no-store',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' })
    },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  if (answer.ok) return answer
  const { detail } = await answer.json().catch(() => ({}))
  throw new ApiError(answer.status, detail ?? `${answer.status} ${answer.statusText}`)
}

/**
 * Listens to the proxy while the page can be seen: browsers allow only a few connections to one host.
 *
 * @param handlers by event name; `open` and `lost` tell of the connection itself
 */
export function listen(handlers) {
  let source

  function start() {
    source = new EventSource('api/events')
    source.onopen = handlers.open
    source.onerror = handlers.lost
    for (const [event, handle] of Object.entries(handlers)) {
      if (event !== 'open' && event !== 'lost') source.addEventListener(event, ({ data }) => handle(JSON.parse(data)))
    }
  }

  function stop() {
    source?.close()
    source = undefined
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) stop()
    else if (!source) start()
  })
  start()
}
