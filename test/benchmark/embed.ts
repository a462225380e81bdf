import { readFileSync, writeFileSync } from 'node:fs'
import { root } from './paths.js'

/**
 * Puts a text between the two markers of this name in a page, in place of what was there.
 *
 * @throws Error when the page has no such markers
 */
export function embed(page: string, name: string, text: string): void {
  const old = readFileSync(root + page, 'utf8')
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const [before = '', rest] = old.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`${page} has no ${begin} with ${end} after it`)
  writeFileSync(root + page, `${before}${begin}\n${text.trim()}\n${end}${after}`)
}
