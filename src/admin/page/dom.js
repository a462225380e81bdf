const svg = 'http://www.w3.org/2000/svg'

/** An element with its properties and children. Text becomes text nodes, so markup in it stays text. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (key === 'class') made.className = value
    else if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else if (key in made && key !== 'role') made[key] = value
    else made.setAttribute(key, value)
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== false && child !== ''))
  return made
}

/** The same in a drawing. */
export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(svg, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** The element with this id. */
export const byId = (id) => document.getElementById(id)

let hiding

/** Tells something in passing. */
export function toast(text) {
  const place = byId('toast')
  place.textContent = text
  place.classList.add('shown')
  clearTimeout(hiding)
  hiding = setTimeout(() => place.classList.remove('shown'), 4000)
}
