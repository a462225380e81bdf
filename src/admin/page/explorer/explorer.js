/* global SwaggerUIBundle */

/** Shows the API as it is behind one listener, and calls it there. */
const select = document.getElementById('listener')
const problem = document.getElementById('problem')
const production = document.getElementById('production')

const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()

const listeners = await (await fetch('explorer/listeners.json')).json()
for (const [index, { environment, access, url }] of listeners.entries()) {
  select.append(new Option(`${environment}, ${access} (${url})`, String(index)))
}
// Production only by choice.
const first = listeners.findIndex(({ environment }) => environment !== 'production')
select.value = String(Math.max(0, first))
select.addEventListener('change', show)
await show()

async function show() {
  const chosen = select.value
  production.hidden = listeners[Number(chosen)]?.environment !== 'production'
  // At once, so that nothing is left that would call the listener of before; and a place of its own each time.
  const domNode = document.createElement('div')
  document.getElementById('explorer').replaceChildren(domNode)
  problem.hidden = true
  const answer = await fetch(`explorer/openapi.json?listener=${chosen}`)
  const spec = await answer.json()
  if (select.value !== chosen) return
  problem.hidden = answer.ok
  problem.textContent = answer.ok ? '' : spec.detail
  if (!answer.ok) return
  SwaggerUIBundle({
    spec,
    domNode,
    // A service on the web would be asked otherwise, which the page may not do anyway.
    validatorUrl: null,
    deepLinking: true,
    docExpansion: 'none',
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true
  })
}
