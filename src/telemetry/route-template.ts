/** Templates kept apart; what comes after them is `other`. The published API has some 600 routes. */
const mostTemplates = 1000
const longestTemplate = 160
/** Paths whose template is remembered: programs ask for the same things again and again. */
const mostPaths = 1000
const longestPath = 500

/** What a segment that names something looks like in lower case: `getfilteredassets_v1`, `$count`, `asset-tasks`. */
const name = /^[a-z$](?:[a-z$._-]*[a-z])?\d{0,2}$/
/** An OData key or the arguments of a function: `workorders(123)`, `service.getlast(days=7)`. */
const keyed = /^([a-z$._]+)(?:\(|%28)(.*)(?:\)|%29)$/

/** Paths as routes, so that a label takes few values however many ids are asked for. */
export interface RouteTemplates {
  /**
   * `/V3/WorkOrders/123` and `/v3/workorders/456` both become `/v3/workorders/{id}`.
   *
   * @param path without the query
   * @param isKnown the API has such a route: only then is a template that is new remembered
   */
  of(path: string, isKnown: boolean): string
}

export function createRouteTemplates(most = mostTemplates): RouteTemplates {
  const known = new Set<string>()
  const paths = new Map<string, string>()

  function templateFor(path: string): string {
    const remembered = paths.get(path)
    if (remembered !== undefined) return remembered
    const template = templateOf(path)
    if (paths.size === mostPaths) paths.clear()
    if (path.length <= longestPath) paths.set(path, template)
    return template
  }

  return {
    of(path, isKnown) {
      const template = templateFor(path)
      if (known.has(template)) return template
      // Ids made of letters alone look like names: they must not be able to fill the memory of whoever scrapes.
      if (!isKnown || known.size >= most || template.length > longestTemplate) return 'other'
      known.add(template)
      return template
    }
  }
}

function templateOf(path: string): string {
  return path
    .toLowerCase()
    .split('/')
    .map((segment) => {
      if (segment === '' || name.test(segment)) return segment
      const [, called, given] = keyed.exec(segment) ?? []
      if (called !== undefined) return given === '' ? `${called}()` : `${called}({id})`
      return '{id}'
    })
    .join('/')
}
