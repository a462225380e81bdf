/** A duration in ms, for people. */
export function duration(ms) {
  if (ms === undefined || ms === null) return ''
  if (ms < 1) return '0 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  if (ms < 3_600_000)
    return `${Math.floor(ms / 60_000)}:${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')} min`
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} days`
}

/** A size in bytes, for people. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/** The time of day, with milliseconds. */
export function clock(at) {
  const date = new Date(at)
  const two = (number) => String(number).padStart(2, '0')
  const ms = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`
}

/** How many of something. */
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`

/** What the proxy did with a call, and why, in sentences. */
export function story(call) {
  const told = []
  if (call.replayOf !== undefined) told.push(`A replay of call ${call.replayOf}.`)
  if (call.isOpen) return [...told, 'It is under way: waiting for its turn, or for the answer.']
  if (call.problem === 'client_left') told.push('The client left before its answer was complete.')
  else if (call.problem) told.push(`The proxy made this answer itself: ${call.problem}.`)
  else if (call.attempts === 0) told.push('The proxy answered this itself; nothing was sent to ServiceChannel.')
  if (call.queueMs >= 1) {
    const behind = call.ahead > 0 ? ` behind ${count(call.ahead, 'call')}` : ' for its turn'
    told.push(`It waited ${duration(call.queueMs)}${behind}.`)
  } else if (call.attempts > 0) told.push('It departed at once.')
  if (call.tokenMs >= 5) told.push(`It waited ${duration(call.tokenMs)} for a token, since no valid one was at hand.`)
  for (const note of call.notes) told.push(`${note.charAt(0).toUpperCase()}${note.slice(1)}.`)
  if (call.attempts > 1) told.push(`It was sent ${call.attempts} times.`)
  return told
}

/** 2, 3, 4, 5, or a word where there is no status yet. */
export function statusClass({ isOpen, status }) {
  return isOpen || status === undefined ? 'open' : `s${String(status).charAt(0)}`
}
