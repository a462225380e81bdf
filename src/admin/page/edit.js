import { byId, element } from './dom.js'

const dialog = byId('ask')

/** Asks a question that is answered by yes or no. Resolves with the answer. */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const form = element(
      'form',
      { method: 'dialog' },
      element('p', {}, question),
      element(
        'p',
        { class: 'buttons' },
        element('button', { value: 'no' }, 'Cancel'),
        element('button', { value: 'yes', class: 'danger' }, yes)
      )
    )
    show(form, () => resolve(dialog.returnValue === 'yes'))
  })
}

/** Lets a call be changed before it is sent again. Resolves with the changes, or undefined when it is not to be sent. */
export function edited(call) {
  const { method, target, request } = call
  const lines = request.headers.map(({ name, value }) => `${name}: ${value}`).join('\n')
  const isText = request.body.base64 === undefined && !request.body.clipped
  return new Promise((resolve) => {
    const fields = {
      method: element('input', { value: method, required: true, size: 8, spellcheck: false }),
      target: element('input', { value: target, required: true, spellcheck: false, class: 'wide' }),
      headers: element('textarea', { rows: 8, spellcheck: false, value: lines }),
      body: element('textarea', { rows: 10, spellcheck: false, value: isText ? (request.body.text ?? '') : '' })
    }
    const label = (name, field) => element('label', {}, element('span', {}, name), field)
    const form = element(
      'form',
      { method: 'dialog' },
      element(
        'h2',
        {},
        `Replay call ${call.id} in ${call.environment === 'production' ? 'PRODUCTION' : call.environment}`
      ),
      label('Method', fields.method),
      label('Path and query', fields.target),
      label('Headers; those shown as [hidden] are left out, the token is put on by the proxy', fields.headers),
      label(
        isText
          ? 'Body'
          : 'Body (the recorded one is binary or clipped; it is sent as recorded only if it is whole and this is empty)',
        fields.body
      ),
      element(
        'p',
        { class: 'buttons' },
        element('button', { value: 'no', formNoValidate: true }, 'Cancel'),
        element('button', { value: 'send', class: 'primary' }, 'Send')
      )
    )
    show(form, () => {
      if (dialog.returnValue !== 'send') return resolve(undefined)
      const headers = fields.headers.value.split('\n').flatMap(fieldOf)
      const body = isText || fields.body.value !== '' ? { body: fields.body.value } : {}
      resolve({ method: fields.method.value.trim(), target: fields.target.value.trim(), headers, ...body })
    })
  })
}

function fieldOf(line) {
  const colon = line.indexOf(':')
  return colon > 0 ? [{ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }] : []
}

function show(form, onClose) {
  dialog.returnValue = ''
  dialog.replaceChildren(form)
  dialog.addEventListener('close', onClose, { once: true })
  dialog.showModal()
}
