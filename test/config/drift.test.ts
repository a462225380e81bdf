import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Check } from 'typebox/schema'
import { loadConfig } from '../../src/config/load.js'
import { allSettings, fileSchema } from '../../src/config/settings.js'
import { jsonSchema, settingsReference, settingsTable } from '../../src/config/usage.js'

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const regenerate = 'run: npm run types && npx tap run --snapshot --disable-coverage build/test/config/drift.test.js'
const rewriting = process.env.TAP_SNAPSHOT === '1'

t.test('config/schema.json is what the settings say', async (t) => {
  const path = inRoot('config/schema.json')
  if (rewriting) writeFileSync(path, jsonSchema())
  t.equal(existsSync(path) ? readFileSync(path, 'utf8') : '', jsonSchema(), regenerate)
})

for (const [page, mark, generate] of [
  ['README.md', 'settings', settingsTable],
  ['docs/configuration.md', 'reference', settingsReference]
] as const) {
  t.test(`${page} says of the settings what the schema says`, async (t) => {
    const path = inRoot(page)
    const [begin, end] = [`<!-- ${mark}:begin -->`, `<!-- ${mark}:end -->`]
    const text = readFileSync(path, 'utf8')
    t.equal(text.split(begin).length, 2, `it says once where they begin: ${begin}`)
    t.equal(text.split(end).length, 2, `and once where they end: ${end}`)
    const [before = '', rest = ''] = text.split(begin)
    const [found = '', after = ''] = rest.split(end)
    const wanted = `\n${generate()}`
    if (rewriting) writeFileSync(path, `${before}${begin}${wanted}${end}${after}`)
    else t.equal(found, wanted, regenerate)
  })
}

t.test('the table names every setting under all its names', async (t) => {
  const table = settingsTable()
  for (const { path, flag, env, schema } of allSettings) {
    const names = schema.writeOnly ? `| \`${path}\` |  | \`${env}\` |` : `| \`${path}\` | \`${flag}\` | \`${env}\` |`
    t.ok(table.includes(names), names)
  }
  const rows = table.split('\n').filter((line) => line.startsWith('|'))
  t.ok(
    rows.every((row) => row.split('|').length === 7),
    'and every row has five cells'
  )
})

t.test('config/example.json shows every section, satisfies the schema and can be loaded', async (t) => {
  const path = inRoot('config/example.json')
  const { $schema, ...example } = JSON.parse(readFileSync(path, 'utf8'))
  t.equal($schema, './schema.json')
  t.ok(Check(fileSchema, example))
  const forOneListener = new Set(
    allSettings
      .filter(({ section }) => /listener$|login$/.test(section))
      .map((setting) => setting.path.replace(/\..*/, ''))
  )
  const expected = Object.keys(fileSchema.properties ?? {}).filter(
    (key) => !forOneListener.has(key) && key !== 'caFile'
  )
  t.strictSame(Object.keys(example).sort(), expected.sort())

  const readFile = (name: string) => {
    if (name === path) return readFileSync(path, 'utf8')
    return name.endsWith('.pem') ? '-----BEGIN CERTIFICATE-----' : 'secret'
  }
  t.match(loadConfig({ argv: ['--config', path], env: {}, readFile }), { ok: true, warnings: [] })
})
