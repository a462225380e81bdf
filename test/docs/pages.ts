import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

export interface Page {
  /** `docs/operations.md` */
  readonly name: string
  readonly text: string
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  readonly language: string
  /** What is written behind the language: why a test cannot run it. */
  readonly mark: string
  readonly text: string
}

/** The pages for users, README first. */
export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(inRoot('docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`)
].map((name) => ({ name, text: readFileSync(inRoot(name), 'utf8') }))

export function page(name: string): Page {
  const found = pages.find((page) => page.name === name)
  if (!found) throw new Error(`there is no ${name}`)
  return found
}

export function blocksOf({ name, text }: Page): Block[] {
  return [...text.matchAll(/^```(\w+)(?: ([\w-]+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', mark = '', text = '']) => ({ page: name, language, mark, text })
  )
}

/** The names by which the headings of a page can be linked to, as GitHub makes them. */
export function anchorsOf({ text }: Page): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-')
    )
  )
}
