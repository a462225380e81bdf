import { ask, listen } from './api.js'
import { createCalls, filterOf } from './calls.js'
import { createDetail } from './detail.js'
import { byId, element, toast } from './dom.js'
import { confirmed, edited } from './edit.js'
import { drawHistory } from './history.js'
import { listenToKeys } from './keys.js'
import { createList } from './list.js'
import { snippets } from './snippets.js'
import { drawStrip } from './strip.js'
import { size } from './words.js'

const calls = createCalls()
let recording = { enabled: true, paused: false }
let listeners = []

const detail = createDetail({ replay, edit, copy, save, close })
const list = createList(calls, (call, isOpening) => {
  if (isOpening || detail.current() !== undefined) detail.open(call.id)
})

function close() {
  detail.close()
  byId('list').focus()
}

/** Whatever goes wrong is told; nothing is silently left undone. */
async function attempt(action) {
  try {
    return await action()
  } catch (error) {
    toast(error.status === 401 ? 'That needs the token: open a call to enter it.' : error.message)
  }
}

async function replay(call, edits) {
  const { method, environment, id } = call
  const asked = edits?.method ?? method
  const isSerious = environment === 'production' || !/^(?:GET|HEAD|OPTIONS)$/.test(asked)
  const where = environment === 'production' ? 'PRODUCTION' : environment
  if (isSerious && !edits && !(await confirmed(`Send ${asked} ${call.path} again, in ${where}?`, 'Send again'))) return
  await attempt(async () => {
    const { id: made } = await (await ask(`api/calls/${id}/replay`, { method: 'POST', body: edits ?? {} })).json()
    toast(`Sent again as call ${made}.`)
    list.select(made)
    detail.open(made)
  })
}

async function edit(call) {
  const edits = await edited(call)
  if (edits) await replay(call, edits)
}

async function copy(call, how) {
  const base = listeners[call.listener]?.url ?? ''
  await attempt(() => navigator.clipboard.writeText(snippets[how](call, base)))
  toast(`Copied as ${how}.`)
}

/** @param ids those calls; all when undefined */
async function save(ids) {
  await attempt(async () => {
    const answer = await ask(`api/har${ids ? `?ids=${ids.join(',')}` : ''}`)
    const address = URL.createObjectURL(await answer.blob())
    const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
    element('a', { href: address, download: `sc-proxy-${time}.har` }).click()
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
  })
}

function exported() {
  const { marked, shown } = calls
  if (marked.size > 0) return [...marked].sort((a, b) => a - b)
  return shown.length < calls.size ? shown.map(({ id }) => id).reverse() : undefined
}

async function pause() {
  await attempt(() => ask('api/recording', { method: 'POST', body: { paused: !recording.paused } }))
}

function redraw() {
  list.draw()
  const { shown, marked } = calls
  byId('count').textContent = `${shown.length < calls.size ? `${shown.length} of ` : ''}${calls.size} calls`
  byId('count').title = recording.enabled ? `${size(recording.bytes ?? 0)} of memory, ${recording.dropped} dropped` : ''
  const chosen = marked.size > 0 ? `${marked.size} marked` : shown.length < calls.size ? `${shown.length} shown` : ''
  byId('export').textContent = chosen ? `Export ${chosen}` : 'Export HAR'
  const empty = byId('empty')
  empty.hidden = shown.length > 0
  empty.textContent = emptyText()
}

function emptyText() {
  if (!recording.enabled) return 'Nothing is recorded: inspector.enabled is false.'
  if (calls.size > 0) return 'No call matches the filter.'
  if (recording.paused) return 'Recording is paused.'
  return `No calls yet. Try: curl ${listeners[0]?.url ?? 'http://localhost:8080'}/v3/workorders`
}

let search = 0

async function filter() {
  const asked = { text: byId('text').value.trim(), method: byId('method').value, status: byId('status').value }
  const environment = byId('environment').value
  const mine = ++search
  calls.filterBy(filterOf({ ...asked, environment }))
  redraw()
  if (!byId('in-bodies').checked || asked.text === '') return
  const answer = await attempt(() => ask(`api/calls?text=${encodeURIComponent(asked.text)}`))
  if (!answer || mine !== search) return
  const found = new Set((await answer.json()).calls.map(({ id }) => id))
  calls.filterBy(filterOf({ ...asked, environment, found }))
  redraw()
}

let typing
function filterSoon() {
  clearTimeout(typing)
  typing = setTimeout(filter, 120)
}

function drawRecording(news) {
  recording = news
  calls.limit(news.maxCalls ?? 0)
  byId('pause').textContent = news.paused ? 'Record' : 'Pause'
  byId('pause').setAttribute('aria-pressed', String(news.paused === true))
  for (const id of ['pause', 'clear', 'export']) byId(id).disabled = !news.enabled
  redraw()
}

function takeCalls(news) {
  calls.update(news)
  redraw()
  const current = detail.current()
  if (current !== undefined && news.some(({ id, isOpen }) => id === current && !isOpen)) detail.open(current)
  if (byId('in-bodies').checked && byId('text').value !== '') filterSoon()
}

function takeSession(session) {
  drawStrip({ session })
  listeners = session.listeners
  const names = session.environments.map(({ environment }) => environment)
  const select = byId('environment')
  if (select.options.length === names.length + 1) return
  select.append(...names.map((name) => element('option', {}, name)))
  byId('environment-label').hidden = names.length < 2
}

async function opened() {
  byId('connection').textContent = 'Live'
  byId('connection').className = 'good'
  const answer = await attempt(() => ask('api/calls'))
  if (!answer) return
  const known = await answer.json()
  drawRecording(known.recording)
  calls.replace(known.calls)
  redraw()
}

listen({
  open: opened,
  lost() {
    byId('connection').textContent = 'The proxy does not answer'
    byId('connection').className = 'bad'
  },
  calls: takeCalls,
  quota: (quota) => drawStrip({ quota }),
  session: takeSession,
  history: drawHistory,
  recording: drawRecording,
  cleared() {
    calls.clear()
    redraw()
  }
})

for (const id of ['text', 'in-bodies', 'method', 'status', 'environment'])
  byId(id).addEventListener('input', filterSoon)
byId('filters').addEventListener('submit', (event) => event.preventDefault())
byId('pause').addEventListener('click', pause)
byId('export').addEventListener('click', () => save(exported()))
byId('clear').addEventListener('click', async () => {
  if (await confirmed('Forget all recorded calls?', 'Clear')) await attempt(() => ask('api/clear', { method: 'POST' }))
})

listenToKeys({
  move: list.move,
  open: () => list.selected !== undefined && detail.open(list.selected),
  close,
  isOpen: () => detail.current() !== undefined,
  mark() {
    if (list.selected !== undefined) list.mark(list.selected)
    redraw()
  },
  replay: () => detail.call() && replay(detail.call()),
  copy: () => detail.call() && copy(detail.call(), 'curl'),
  save: () => save(exported()),
  pause
})
