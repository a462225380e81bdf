import { byId } from './dom.js'

/** Keys and the buttons that only concern the page itself. */
export function listenToKeys(act) {
  const keys = {
    j: () => act.move(1),
    ArrowDown: () => act.move(1),
    k: () => act.move(-1),
    ArrowUp: () => act.move(-1),
    PageDown: () => act.move(10),
    PageUp: () => act.move(-10),
    Home: () => act.move(Number.NEGATIVE_INFINITY),
    End: () => act.move(Number.POSITIVE_INFINITY),
    Enter: act.open,
    x: act.mark,
    r: act.replay,
    c: act.copy,
    e: act.save,
    p: act.pause,
    t: changeTheme,
    '?': () => byId('help').showModal(),
    '/': () => byId('text').select()
  }
  /** What else these keys do where they are pressed has precedence there. */
  const inList = new Set(['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'Enter'])

  document.addEventListener('keydown', (event) => {
    const { key, target } = event
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
    const isTyping = target.matches('input:not([type=checkbox]), textarea, select')
    if (key === 'Escape') {
      if (isTyping) byId('list').focus()
      else if (act.isOpen()) act.close()
      return
    }
    if (isTyping || !Object.hasOwn(keys, key)) return
    if (inList.has(key) && target !== byId('list') && target !== document.body) return
    event.preventDefault()
    keys[key]()
  })
  byId('help-button').addEventListener('click', keys['?'])
  byId('theme').addEventListener('click', changeTheme)
  applyTheme(remembered())
}

const key = 'sc-proxy-inspector-theme'

function remembered() {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme
}

function changeTheme() {
  const { theme } = document.documentElement.dataset
  const isDark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  applyTheme(isDark ? 'light' : 'dark')
  try {
    localStorage.setItem(key, isDark ? 'light' : 'dark')
  } catch {
    // It holds until the page is left.
  }
}
