import t from 'tap'
import { createRedaction } from '../../src/admin/redaction.js'

const redact = createRedaction([])

t.test('values are hidden by their names in JSON within JSON, however deep', async (t) => {
  let text = '{"token":"CANARY"}'
  for (let depth = 0; depth < 8; depth++) {
    t.notMatch(redact(text).text, /CANARY/, `at depth ${depth}`)
    text = JSON.stringify({ n: text })
  }
})

t.test('JSON web tokens are hidden wherever they begin, and nothing before them', async (t) => {
  const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJDQU5BUlkifQ'
  for (const before of ['', '"', 'x-', 'a-b-', 'a.', 'a.b-', '\xe9']) {
    for (const signature of ['', '.', '.c2ln'])
      t.equal(redact(`${before}${token}${signature} after`).text, `${before}[hidden] after`)
  }
  t.strictSame(redact(`${token} ${token}`), { text: '[hidden] [hidden]', hidden: 2 })
})

t.test('no text takes long to look through: whoever passes meanwhile would have to wait', async (t) => {
  const texts = {
    backslashes: `token${'\\'.repeat(100_000)}`,
    'beginnings of web tokens': '-eyJ'.repeat(25_000),
    'the same before a dot': `${'-eyJ'.repeat(25_000)}. `,
    'fields of a form without an end': 'name=token\n'.repeat(40_000)
  }
  for (const [name, text] of Object.entries(texts)) {
    const began = performance.now()
    redact(text)
    const took = performance.now() - began
    t.ok(took < 5000, `${name}: ${took.toFixed()} ms`)
  }
})

t.test('a known secret is hidden in both encodings of its letters, and with small letters after %', async (t) => {
  const secret = 'CANARY/pässword'
  const redactKnown = createRedaction([secret])
  const written = [Buffer.from(secret).toString('latin1'), secret, encodeURIComponent(secret)]
  // So HttpUtility.UrlEncode of .NET writes it.
  written.push('CANARY%2fp%c3%a4ssword')
  for (const text of written) t.equal(redactKnown(`x ${text} y`).text, 'x [hidden] y', text)
})
