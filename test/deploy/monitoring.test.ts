import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { problems } from '../../src/errors.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { anchorsOf, page } from '../docs/pages.js'

const deploy = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../config/deploy/${name}`, import.meta.url)), 'utf8')

interface Rule {
  alert: string
  expr: string
  annotations: { summary: string; runbook: string }
}

interface Panel {
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { expr: string }[]
}

const rules: Rule[] = parse(deploy('prometheus-alerts.yaml')).groups.flatMap(({ rules }: { rules: Rule[] }) => rules)
const dashboard: { panels: Panel[] } = JSON.parse(deploy('grafana-dashboard.json'))
const runbook = page('docs/operations.md')

const expressions = [
  ...rules.map(({ alert, expr }) => ({ name: alert, expr })),
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ name: title, expr })))
]

t.test('alerts and dashboard ask for metrics there are, and for labels these have', async (t) => {
  const metrics = createMetrics({ version: '1', environments: () => [], listeners: () => [] })
  const { text } = await metrics.expose()
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)/gm)].map(([, name = '', type]) => [name, type]))
  const labels = new Map(
    [...runbook.text.matchAll(/^\| `(sc_proxy_\w+)` \| ([^|]*)\|/gm)].map(([, name = '', list = '']) => [
      name,
      [...list.matchAll(/\w+/g)].map(String)
    ])
  )
  for (const { name, expr } of expressions) {
    const asked = [...expr.matchAll(/\b((?:sc_proxy|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)]
    for (const [, metric = '', matchers = ''] of asked) {
      const base = types.has(metric) ? metric : metric.replace(/_(bucket|count|sum)$/, '')
      t.ok(base === metric ? types.has(base) : types.get(base) === 'histogram', `${name}: ${metric}`)
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*[=!]/g)) {
        t.ok(label === 'job' || labels.get(base)?.includes(label), `${name}: ${metric} has the label ${label}`)
      }
    }
    t.ok(asked.length > 0 || expr.startsWith('up{'), `${name} asks for something`)
  }
})

t.test('alerts name error codes there are, and lead to a section of the runbook, which names them', async (t) => {
  const anchors = anchorsOf(runbook)
  for (const { alert, expr, annotations } of rules) {
    for (const [, pattern = ''] of expr.matchAll(/code=~?"([^"]+)"/g)) {
      for (const code of pattern.split('|')) {
        t.ok(
          Object.keys(problems).some((known) => new RegExp(`^${code}$`).test(known)),
          `${alert}: ${code}`
        )
      }
    }
    const [file, anchor = ''] = annotations.runbook.split('#')
    t.equal(file, 'docs/operations.md')
    t.ok(anchors.has(anchor), `${alert}: ${anchor}`)
    t.ok(anchor in problems || runbook.text.includes(`\`${alert}\``), `${alert} is found there`)
  }
})

t.test('no panels of the dashboard lie on one another', async (t) => {
  const taken = new Map<string, string>()
  for (const { title, gridPos } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (taken.has(`${x},${y}`) || x >= 24) t.fail(`${title} lies on ${taken.get(`${x},${y}`) ?? 'the edge'}`)
        taken.set(`${x},${y}`, title)
      }
    }
  }
})
