import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { commands } from '../../src/cli/commands.js'
import { loadConfig } from '../../src/config/load.js'
import { allSettings, configFile } from '../../src/config/settings.js'
import { problems } from '../../src/errors.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { anchorsOf, blocksOf, page, pages } from './pages.js'

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const runbook = page('docs/operations.md')

t.test('every error code has a section in the runbook, which says its status, and no other code has one', async (t) => {
  const [, ...sections] = (runbook.text.split('## Runbook')[1] ?? '').split('\n### ')
  const codes = sections
    .map((section) => section.split('\n', 1)[0] ?? '')
    .filter((title) => /^[a-z]+(_[a-z]+)*$/.test(title))
  t.strictSame([...codes].sort(), Object.keys(problems).sort())
  for (const [code, { status }] of Object.entries(problems)) {
    const section = sections.find((text) => text.startsWith(`${code}\n`)) ?? ''
    t.ok(section.startsWith(`${code}\n\n${status}`), `${code} begins with ${status}`)
  }
})

t.test('the table of metrics names those there are, with their labels', async (t) => {
  const metrics = createMetrics({ version: '1', environments: () => [], listeners: () => [] })
  const { text } = await metrics.expose()
  const names = [...text.matchAll(/^# TYPE (sc_proxy_\w+)/gm)].map(([, name]) => name)
  const documented = [...runbook.text.matchAll(/^\| `(sc_proxy_\w+)` \|/gm)].map(([, name]) => name)
  t.strictSame([...documented].sort(), [...names].sort())
})

t.test('every link leads somewhere', async (t) => {
  for (const { name, text } of pages) {
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? name : join(dirname(name), path)
      t.ok(existsSync(inRoot(file)), `${name}: ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(page(file)).has(anchor), `${name}: ${target} is a heading`)
    }
  }
})

t.test('every page of docs can be reached from README.md', async (t) => {
  const reached = new Set(['README.md'])
  for (const name of reached) {
    if (!name.endsWith('.md')) continue
    const found = pages.find((page) => page.name === name)
    for (const [, target = ''] of found?.text.matchAll(/\]\(([^)#\s]+)/g) ?? []) {
      if (!/^https?:/.test(target)) reached.add(join(dirname(name), target))
    }
  }
  t.strictSame(
    pages.map(({ name }) => name).filter((name) => !reached.has(name)),
    []
  )
})

t.test('every variable and every flag of sc-proxy that is named exists', async (t) => {
  const settings = [configFile, ...allSettings]
  const options = commands.flatMap(({ options = [] }) => options.map(({ flag }) => flag))
  const flags = new Set([...options, ...settings.flatMap(({ flag = '' }) => [flag, flag.replace('--', '--no-')])])
  const variables = new Set(settings.map(({ env }) => env))
  for (const { name, text } of pages) {
    for (const [variable] of text.matchAll(/\bSC_PROXY_\w+[A-Z]/g))
      t.ok(variables.has(variable), `${name}: ${variable}`)
  }
  for (const { page, language, text } of pages.flatMap(blocksOf)) {
    if (language !== 'sh') continue
    for (const [, line = ''] of text.matchAll(/^sc-proxy ([^|\n]*)/gm)) {
      for (const [flag] of line.matchAll(/(?<=^|\s)--[a-z-]+/g)) t.ok(flags.has(flag), `${page}: ${flag}`)
    }
  }
})

t.test('JSON in the pages is a configuration that works, and YAML is YAML', async (t) => {
  for (const { page, language, mark, text } of pages.flatMap(blocksOf)) {
    if (language === 'yaml') t.ok(parse(text), page)
    if (language !== 'json' || mark === 'answer') continue
    const readFile = (path: string) => {
      if (path.endsWith('sc-proxy.json')) return text
      return path.endsWith('.pem') ? '-----BEGIN CERTIFICATE-----' : 'secret'
    }
    t.match(loadConfig({ argv: ['--config', 'sc-proxy.json'], env: {}, readFile }), { ok: true }, page)
  }
})
