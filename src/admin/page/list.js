import { byId, element } from './dom.js'
import { clock, duration, statusClass } from './words.js'

const list = byId('list')
const rows = byId('rows')
/** Rows beyond the edge that are there already when somebody scrolls. */
const spare = 8

/**
 * Draws the rows that can be seen and no others, so that thousands of calls cost no more than a screenful.
 *
 * @param calls what to show
 * @param choose called with a call, and whether it is to be opened
 */
export function createList(calls, choose) {
  const made = new Map()
  let selected
  let before = []
  let isDue = false

  function rowHeight() {
    return Number.parseFloat(getComputedStyle(list).getPropertyValue('--row')) || 34
  }

  function draw() {
    isDue = false
    const height = rowHeight()
    const { shown, marked } = calls
    stayWhereYouAre(shown, height)
    rows.style.height = `${shown.length * height}px`
    const first = Math.max(0, Math.floor(list.scrollTop / height) - spare)
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + spare)
    const seen = new Set()
    for (let i = first; i < last; i++) {
      const call = shown[i]
      seen.add(call.id)
      const row = rowOf(call, marked.has(call.id))
      row.style.transform = `translateY(${i * height}px)`
      row.setAttribute('aria-setsize', shown.length)
      row.setAttribute('aria-posinset', i + 1)
      row.setAttribute('aria-selected', call.id === selected)
    }
    for (const [id, { row }] of made) {
      if (seen.has(id)) continue
      row.remove()
      made.delete(id)
    }
    list.setAttribute('aria-activedescendant', seen.has(selected) ? `call-${selected}` : '')
    before = shown
  }

  /** Whoever reads further down must not have the text moved away by what comes in above. */
  function stayWhereYouAre(shown, height) {
    if (list.scrollTop < height || before.length === 0) return
    const anchor = before[Math.floor(list.scrollTop / height)]
    const was = before.indexOf(anchor)
    const is = shown.findIndex(({ id }) => id === anchor?.id)
    if (is > was) list.scrollTop += (is - was) * height
  }

  function rowOf(call, isMarked) {
    const known = made.get(call.id)
    if (known?.call === call && known.isMarked === isMarked) return known.row
    const row = known?.row ?? element('div', { id: `call-${call.id}`, role: 'option' })
    row.className = `row ${statusClass(call)}${isMarked ? ' marked' : ''}`
    row.dataset.id = call.id
    row.replaceChildren(...cells(call, isMarked))
    if (!known) rows.append(row)
    made.set(call.id, { row, call, isMarked })
    return row
  }

  function move(by) {
    const { shown } = calls
    const at = shown.findIndex(({ id }) => id === selected)
    const next = shown[at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by))]
    if (!next) return
    select(next.id)
    const height = rowHeight()
    const top = shown.indexOf(next) * height
    if (top < list.scrollTop) list.scrollTop = top
    else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight
    choose(next, false)
  }

  function select(id) {
    selected = id
    later()
  }

  function mark(id) {
    if (!calls.marked.delete(id)) calls.marked.add(id)
    later()
  }

  function later() {
    if (isDue) return
    isDue = true
    requestAnimationFrame(draw)
  }

  list.addEventListener('scroll', later, { passive: true })
  new ResizeObserver(later).observe(list)
  rows.addEventListener('click', (event) => {
    const id = Number(event.target.closest('.row')?.dataset.id)
    const call = calls.get(id)
    if (!call) return
    if (event.ctrlKey || event.metaKey || event.shiftKey) return mark(id)
    select(id)
    choose(call, true)
  })

  return {
    draw: later,
    move,
    select,
    mark,
    get selected() {
      return selected
    }
  }
}

function cells(call, isMarked) {
  const { status, problem, environment, method, path } = call
  const at = clock(call.startedAt)
  const answered = call.isOpen ? '…' : String(status ?? '')
  return [
    element('span', { class: 'time' }, isMarked ? '✓ ' : '', at.slice(0, 8), element('small', {}, at.slice(8))),
    element('span', { class: 'method' }, method),
    element('span', { class: 'path', title: path }, call.replayOf === undefined ? '' : '↻ ', path),
    element('span', { class: 'status', title: problem ?? '' }, answered, problem ? ' ◆' : ''),
    element('span', { class: environment === 'production' ? 'where production' : 'where' }, environment),
    timeBar(call),
    element('span', { class: 'number total' }, call.isOpen ? '' : duration(call.totalMs))
  ]
}

/** Where the time went. Its length grows with the logarithm: 1 ms and 100 s are both to be seen. */
export function timeBar(call) {
  const { queueMs = 0, tokenMs = 0, upstreamMs = 0, totalMs = 0 } = call
  const words = `waited ${duration(queueMs)}, token ${duration(tokenMs)}, upstream ${duration(upstreamMs)}, total ${duration(totalMs)}`
  const bar = element('span', { class: 'bar', title: words, role: 'img', 'aria-label': words })
  if (call.isOpen) return bar
  const length = Math.min(100, (Math.log10(totalMs + 1) / 5) * 100)
  const rest = Math.max(0, totalMs - queueMs - tokenMs - upstreamMs)
  const parts = { wait: queueMs, token: tokenMs, upstream: upstreamMs, rest }
  for (const [name, ms] of Object.entries(parts)) {
    const part = element('span', { class: name })
    part.style.width = `${totalMs > 0 ? (ms / totalMs) * length : 0}%`
    bar.append(part)
  }
  return bar
}
