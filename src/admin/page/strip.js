import { byId, element } from './dom.js'
import { duration } from './words.js'

const strip = byId('strip')
let quota = []
let session = { environments: [] }

/** Takes in what the proxy says once a second, and draws the strip: one card for each environment. */
export function drawStrip(news) {
  quota = news.quota?.environments ?? quota
  session = news.session ?? session
  const cards = session.environments.map((environment) => {
    const limits = quota.find((one) => one.environment === environment.environment)
    return card(environment, limits, session.now)
  })
  strip.replaceChildren(...cards)
  const names = session.environments.map(({ environment }) => environment)
  document.body.classList.toggle('plain', names.length === 1 && names[0] !== 'production')
  byId('production').hidden = !session.environments.some(({ environment }) => environment === 'production')
}

function card({ environment, token, upstream }, limits, now) {
  const isProduction = environment === 'production'
  const listeners = session.listeners.filter((listener) => listener.environment === environment)
  const addresses = listeners.map(({ url, access }) => `${url}${access === 'read-only' ? ', read-only' : ''}`)
  return element(
    'article',
    { class: isProduction ? 'card production' : 'card', 'aria-label': environment },
    element('h2', {}, isProduction ? 'PRODUCTION' : environment, element('small', {}, addresses.join(' · '))),
    element(
      'dl',
      {},
      ...(limits ? [quotaFact(limits), queueFact(limits)] : []),
      tokenFact(token),
      upstreamFact(upstream, now)
    )
  )
}

function fact(name, value, { state = '', more = '', below = undefined } = {}) {
  return element(
    'div',
    { class: `fact ${state}` },
    element('dt', {}, name),
    element('dd', {}, element('strong', {}, value), below, element('small', {}, more))
  )
}

function quotaFact({ application, company, nextPlaceInMs, restingForMs, clients }) {
  const { used, limit, configured, free } = application
  const gauge = gaugeOf(used, limit)
  const more = []
  if (free === 0 && nextPlaceInMs > 0) more.push(`next place in ${duration(nextPlaceInMs)}`)
  if (limit < configured) more.push(`lowered from ${configured}`)
  if (company) more.push(`company ${company.used} of ${company.limit}`)
  const [first, second, third, ...rest] = clients
  const named = [first, second, third].filter(Boolean).map(({ client, calls }) => `${client} ${calls}`)
  if (named.length > 0)
    more.push(`this minute: ${named.join(', ')}${rest.length > 0 ? ` and ${rest.length} more` : ''}`)
  const resting = restingForMs > 0 && application.restingForMs + (company?.restingForMs ?? 0) > 0
  if (resting) {
    const value = `throttled for ${duration(restingForMs)}`
    return fact('Quota', value, { state: 'bad', more: `${used} of ${limit} used · ${more.join(' · ')}`, below: gauge })
  }
  const state = free === 0 ? 'warn' : 'good'
  return fact('Quota', `${used} of ${limit} used, ${free} free`, { state, more: more.join(' · '), below: gauge })
}

function gaugeOf(used, limit) {
  const words = {
    role: 'meter',
    'aria-label': 'Places used',
    'aria-valuemin': 0,
    'aria-valuemax': limit,
    'aria-valuenow': used
  }
  const filled = element('span', { class: used >= limit ? 'full' : '' })
  filled.style.width = `${Math.min(100, (used / limit) * 100)}%`
  return element('div', { class: 'gauge', ...words }, filled)
}

function queueFact({ waiting, oldestWaitMs, draining }) {
  if (draining) return fact('Queue', 'shutting down', { state: 'bad', more: `${waiting} waiting` })
  if (waiting === 0) return fact('Queue', 'empty', { state: 'good' })
  return fact('Queue', `${waiting} waiting`, {
    state: 'warn',
    more: `the longest for ${duration(oldestWaitMs)}`
  })
}

const tokenStates = { none: 'not needed yet', expired: 'expired', rejected: 'login rejected', resting: 'login rests' }

function tokenFact({ state, expiresInMs, sessionEndsInMs, restingForMs, lastError }) {
  const more = []
  if (sessionEndsInMs) more.push(`session ends in ${duration(sessionEndsInMs)}`)
  if (restingForMs) more.push(`next try in ${duration(restingForMs)}`)
  if (lastError) more.push(`last failure: ${lastError}`)
  if (state === 'valid')
    return fact('Token', `${duration(expiresInMs).replace(' min', '')} left`, {
      state: lastError ? 'warn' : 'good',
      more: more.join(' · ')
    })
  const isBad = state === 'rejected' || state === 'resting'
  return fact('Token', tokenStates[state] ?? state, { state: isBad ? 'bad' : '', more: more.join(' · ') })
}

function upstreamFact({ state, lastAnswerAt, lastFailureAt, lastFailure }, now) {
  const ago = (at) => `${duration(Math.max(0, now - at))} ago`
  if (state === 'failing')
    return fact('ServiceChannel', 'failing', { state: 'bad', more: `${lastFailure}, ${ago(lastFailureAt)}` })
  if (state === 'answering') return fact('ServiceChannel', 'answering', { state: 'good', more: ago(lastAnswerAt) })
  return fact('ServiceChannel', 'not asked yet')
}
