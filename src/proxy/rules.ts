import { canonicalPath } from './target.js'

/** Does a request match one of a list of rules? */
export type RuleSet = (method: string, target: string) => boolean

/**
 * Compiles rules such as `DELETE /v3/workorders/**`, `POST,PUT /v3/invoices/*` or `* /v3/users/**`: methods, then a
 * path in which `*` stands for part of one segment and `**` for anything. A path alone means every method. Matching
 * is on the canonical path, without letter case.
 */
export function compileRules(rules: readonly string[]): RuleSet {
  const compiled = rules.map(compileRule)
  return (method, target) => {
    const path = canonicalPath(target)
    return path !== undefined && compiled.some((rule) => rule.methods(method) && rule.path.test(path))
  }
}

function compileRule(rule: string): { methods: (method: string) => boolean; path: RegExp } {
  const [, methods = '*', glob = '/**'] = /^(?:([^\s/]+)\s*)?(\/.*)?$/.exec(rule.trim()) ?? []
  const wanted = new Set(methods.toUpperCase().split(','))
  const source = glob
    .toLowerCase()
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('')
  return {
    methods: (method) => wanted.has('*') || wanted.has(method.toUpperCase()),
    path: new RegExp(`^${source}$`, 's')
  }
}
