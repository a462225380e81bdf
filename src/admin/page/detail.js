import { ApiError, ask, useToken } from './api.js'
import { byId, element } from './dom.js'
import { timeBar } from './list.js'
import { hexDump, prettyJson } from './pretty.js'
import { snippets } from './snippets.js'
import { clock, duration, size, statusClass, story } from './words.js'

const place = byId('detail')
/** More text than this makes browsers slow; the export has all of it. */
const mostLetters = 512 * 1024

/**
 * Shows everything that is kept of one call.
 *
 * @param act what the buttons do: `replay(call)`, `edit(call)`, `copy(call, how)`, `save(ids)`, `close()`
 */
export function createDetail(act) {
  let current
  let shown

  async function open(id) {
    current = id
    place.hidden = false
    document.body.classList.add('with-detail')
    try {
      const call = await (await ask(`api/calls/${id}`)).json()
      if (current !== id) return
      shown = call
      const { scrollTop } = place
      place.replaceChildren(...contents(call))
      place.scrollTop = scrollTop
    } catch (error) {
      if (current === id) place.replaceChildren(...failure(error, id))
    }
  }

  function close() {
    current = undefined
    shown = undefined
    place.hidden = true
    place.replaceChildren()
    document.body.classList.remove('with-detail')
  }

  function failure(error, id) {
    const closing = button('Close', act.close, 'Esc')
    if (!(error instanceof ApiError) || error.status !== 401) return [closing, element('p', {}, error.message)]
    const field = element('input', { type: 'password', required: true, 'aria-label': 'Token', autocomplete: 'off' })
    const form = element('form', { class: 'enter-token' }, field, element('button', {}, 'Use it'))
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      useToken(field.value.replace(/^.*#token=/, '').trim())
      open(id)
    })
    return [
      closing,
      element('h2', {}, 'Headers and bodies are for you alone'),
      element('p', {}, 'Open the address the proxy printed when it started, which ends in #token=…, or paste it here:'),
      form
    ]
  }

  function contents(call) {
    const { method, target, status, isOpen, request, response, environment } = call
    const where = environment === 'production' ? 'where production' : 'where'
    return [
      element(
        'header',
        {},
        element(
          'h2',
          { class: statusClass(call) },
          element('span', { class: 'method' }, method),
          ' ',
          element('span', { class: 'status' }, isOpen ? '…' : String(status)),
          ' ',
          element('span', { class: where }, environment),
          button('Close', act.close, 'Esc')
        ),
        element('p', { class: 'target' }, target),
        element(
          'p',
          { class: 'facts' },
          `call ${call.id} · ${clock(call.startedAt)} · from ${call.client} · ${call.requestId}`
        )
      ),
      element(
        'p',
        { class: 'actions' },
        button('Replay', () => act.replay(call), 'r'),
        button('Edit and replay', () => act.edit(call)),
        button('HAR', () => act.save([call.id])),
        element(
          'span',
          { class: 'copies', role: 'group', 'aria-label': 'Copy as' },
          'copy as ',
          ...Object.keys(snippets).map((how) => button(how, () => act.copy(call, how), how === 'curl' ? 'c' : ''))
        )
      ),
      section(
        'What happened',
        timing(call),
        element('ul', { class: 'story' }, ...story(call).map((said) => element('li', {}, said)))
      ),
      ...(response ? [message('Answer', response.headers, response.body)] : []),
      message('Request', request.headers, request.body)
    ]
  }

  return { open, close, current: () => current, call: () => shown }
}

function button(text, onclick, key = '') {
  return element('button', { type: 'button', onclick, title: key && `Key: ${key}` }, text)
}

function section(title, ...children) {
  return element('details', { open: true }, element('summary', {}, title), ...children)
}

function timing(call) {
  if (call.isOpen) return ''
  const parts = { wait: call.queueMs, token: call.tokenMs, upstream: call.upstreamMs }
  return element(
    'p',
    { class: 'timing' },
    timeBar(call),
    ...Object.entries(parts).map(([name, ms]) => element('span', { class: `key ${name}` }, `${name} ${duration(ms)}`)),
    element('span', {}, `total ${duration(call.totalMs)}`)
  )
}

function message(title, headers, body) {
  return section(title, bodyView(body), headerTable(headers))
}

function headerTable(headers) {
  const rows = headers.map(({ name, value }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', { class: value === '[hidden]' ? 'hidden-value' : '' }, value)
    )
  )
  return element('table', { class: 'headers' }, element('tbody', {}, ...rows))
}

function bodyView(body) {
  if (body.size === 0) return element('p', { class: 'remark' }, 'No body.')
  const remarks = [size(body.size)]
  if (body.type) remarks.push(body.type)
  if (body.clipped) remarks.push(`clipped: only the first ${size(body.kept)} are kept`)
  if (body.note) remarks.push(body.note)
  if (body.kept === 0) return element('p', { class: 'remark' }, remarks.join(' · '))
  if (body.base64 !== undefined) {
    const bytes = Uint8Array.from(atob(body.base64), (letter) => letter.charCodeAt(0))
    return element(
      'div',
      { class: 'body' },
      remark([...remarks, 'binary']),
      element('pre', { tabIndex: 0 }, hexDump(bytes))
    )
  }
  const text = body.text.slice(0, mostLetters)
  if (text.length < body.text.length) remarks.push(`the first ${size(mostLetters)} are shown`)
  const pieces = prettyJson(text)
  const shown = element('pre', { tabIndex: 0 }, ...(pieces ? colored(pieces) : [text]))
  const switches =
    pieces &&
    button('As it came', (event) => {
      const isPretty = event.target.textContent === 'As it came'
      event.target.textContent = isPretty ? 'Indented' : 'As it came'
      shown.replaceChildren(...(isPretty ? [text] : colored(pieces)))
    })
  return element('div', { class: 'body' }, remark(remarks, switches), shown)
}

function remark(words, ...more) {
  return element('p', { class: 'remark' }, words.join(' · '), ' ', ...more)
}

function colored(pieces) {
  return pieces.map(([text, kind]) => (kind ? element('span', { class: kind }, text) : text))
}
