import { readFileSync } from 'node:fs'
import t from 'tap'
import { createRouteTemplates } from '../../src/telemetry/route-template.js'

t.test('ids of every kind become {id}, and letter case makes no difference', async (t) => {
  const routes = createRouteTemplates()
  for (const [path, template] of [
    ['/v3/workorders', '/v3/workorders'],
    ['/v3/WorkOrders/250000001', '/v3/workorders/{id}'],
    ['/v3/workorders/9007199254740993/notes', '/v3/workorders/{id}/notes'],
    ['/v3/users/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9', '/v3/users/{id}'],
    ['/v3/odata/workorders(123)', '/v3/odata/workorders({id})'],
    ['/v3/odata/workorders%28123%29/notes(7)', '/v3/odata/workorders({id})/notes({id})'],
    ["/v3/odata/workorders('A-1')", '/v3/odata/workorders({id})'],
    ['/v3/odata/invoices/Service.GetLast(days=7)', '/v3/odata/invoices/service.getlast({id})'],
    ['/v3/odata/workorders/Service.GetRecalls()', '/v3/odata/workorders/service.getrecalls()'],
    ['/v3/odata/workorders/$count', '/v3/odata/workorders/$count'],
    ['/v3/assets/GetFilteredAssetsV1', '/v3/assets/getfilteredassetsv1'],
    ['/v3/stores/WO-12', '/v3/stores/{id}'],
    ['/v3/users/robin.alder@example.com', '/v3/users/{id}'],
    ['/v3/brands/O%27Brien', '/v3/brands/{id}'],
    ['/', '/'],
    ['*', '{id}']
  ] as const) {
    t.equal(routes.of(path, true), template, path)
  }
})

t.test('every operation of the published description has its own template, whatever its ids', async (t) => {
  const table = readFileSync(new URL('../../../test/journeys/operations.tsv', import.meta.url), 'utf8')
  const paths = table.split('\n').flatMap((row) => (row.startsWith('#') ? [] : (row.split('\t')[1] ?? [])))
  t.ok(paths.length > 700)
  const routes = createRouteTemplates()
  const different: string[] = []
  for (const path of paths) {
    const wanted = path
      .toLowerCase()
      .replace(/\([^)]*\{[^)]*\)/g, '({id})')
      .replace(/\{[^}]*\}/g, '{id}')
    for (const id of ['250000001', '0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9']) {
      const found = routes.of(path.replace(/\{[^}]*\}/g, id), true)
      if (found !== wanted) different.push(`${path}: ${found}`)
    }
  }
  t.strictSame(different, [])
})

t.test('what the API does not know, what is too long, and what comes after a thousand routes is "other"', async (t) => {
  const routes = createRouteTemplates()
  t.equal(routes.of('/wp-admin/setup', false), 'other', 'nobody fills the table by knocking')
  t.equal(routes.of(`/v3/${'a'.repeat(300)}`, true), 'other')
  const letters = (n: number) => n.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '')
  const templates = new Set(Array.from({ length: 50_000 }, (_, n) => routes.of(`/v3/named/${letters(n)}`, true)))
  t.equal(templates.size, 1001)
  t.equal(routes.of(`/v3/named/${letters(1)}`, false), `/v3/named/${letters(1)}`, 'what was known stays known')
})
