import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Check } from 'typebox/schema'
import { loadConfig } from '../../src/config/load.js'
import { allSettings, fileSchema } from '../../src/config/settings.js'
import { jsonSchema, settingsTable } from '../../src/config/usage.js'

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const regenerate = 'run: npm run types && npx tap run --snapshot --disable-coverage build/test/config/drift.test.js'
const rewriting = process.env.TAP_SNAPSHOT === '1'

t.test('config/schema.json is what the settings say', async (t) => {
  const path = inRoot('config/schema.json')
  if (rewriting) writeFileSync(path, jsonSchema())
  t.equal(existsSync(path) ? readFileSync(path, 'utf8') : '', jsonSchema(), regenerate)
})

t.test('the table of settings in README.md is what the settings say', async (t) => {
  const path = inRoot('README.md')
  if (!existsSync(path)) return t.pass('there is no README.md yet', { skip: true })
  const [begin, end] = ['<!-- settings:begin -->', '<!-- settings:end -->']
  const readme = readFileSync(path, 'utf8')
  t.equal(readme.split(begin).length, 2, `README.md says once where the table begins: ${begin}`)
  t.equal(readme.split(end).length, 2, `and once where it ends: ${end}`)
  const [before = '', rest = ''] = readme.split(begin)
  const [found = '', after = ''] = rest.split(end)
  const table = `\n${settingsTable()}`
  if (rewriting) writeFileSync(path, `${before}${begin}${table}${end}${after}`)
  else t.equal(found, table, regenerate)
})

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
