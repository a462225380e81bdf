import { canonicalPath } from './target.js'

/** Does a request match one of a list of rules? */
export type RuleSet = (method: string, target: string) => boolean

/**
 * Compiles rules such as `DELETE /v3/workorders/**` or `/v3/users/*`: a method, or none for all of them, and a path in
 * which `*` stands for part of one segment and `**` for anything. Matching is on the canonical path, without letter
 * case.
 */
export function compileRules(rules: readonly string[]): RuleSet {
  const compiled = rules.map(compileRule)
  return (method, target) => {
    const path = canonicalPath(target)
    return path !== undefined && compiled.some((rule) => (rule.method ?? method) === method && rule.path.test(path))
  }
}

function compileRule(rule: string): { method: string | undefined; path: RegExp } {
  const [, method, glob = '/**'] = /^(?:([^\s/]+)\s+)?(\/.*)$/.exec(rule.trim()) ?? []
  const source = glob
    .toLowerCase()
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('')
  return { method: method?.toUpperCase(), path: new RegExp(`^${source}$`, 's') }
}
