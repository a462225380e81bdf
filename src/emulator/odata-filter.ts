import { badQuery, literal, tokenize } from './odata-tokens.js'
import { compare, propertyAt, type Row } from './odata-values.js'

type Test = (row: Row) => boolean

const comparisons = new Map<string, (order: number) => boolean>([
  ['eq', (order) => order === 0],
  ['ne', (order) => order !== 0],
  ['gt', (order) => order > 0],
  ['ge', (order) => order >= 0],
  ['lt', (order) => order < 0],
  ['le', (order) => order <= 0]
])

// ServiceChannel pays no regard to case here, though it does in `eq`.
const functions = new Map<string, (text: string, part: string) => boolean>([
  ['contains', (text, part) => text.toLowerCase().includes(part.toLowerCase())],
  ['startswith', (text, part) => text.toLowerCase().startsWith(part.toLowerCase())],
  ['endswith', (text, part) => text.toLowerCase().endsWith(part.toLowerCase())]
])

const constants = new Map<string, unknown>([
  ['null', null],
  ['true', true],
  ['false', false]
])

/**
 * Reads an OData 4 `$filter`: comparisons of paths and literals (quotes doubled, dates bare), `and`, `or`, `not`,
 * parentheses, contains, startswith and endswith. The sample row tells which properties exist. Throws Refusal (400).
 */
export function parseFilter(text: string, sample: Row | undefined): Test {
  const tokens = tokenize(text)
  let next = 0
  const peek = () => tokens[next]
  const take = () => tokens[next++] ?? badQuery(`Expression expected at position ${text.length}.`)
  const skip = (word: string) => peek()?.text === word && ++next > 0
  const expect = (mark: string) =>
    skip(mark) || badQuery(`'${mark}' expected at position ${peek()?.at ?? text.length}.`)

  function either(): Test {
    const first = both()
    if (!skip('or')) return first
    const second = either()
    return (row) => first(row) || second(row)
  }

  function both(): Test {
    const first = single()
    if (!skip('and')) return first
    const second = both()
    return (row) => first(row) && second(row)
  }

  function single(): Test {
    if (skip('not')) {
      const inner = single()
      return (row) => !inner(row)
    }
    if (skip('(')) {
      const inner = either()
      expect(')')
      return inner
    }
    const call = functions.get(peek()?.text ?? '')
    return call ? functionCall(call) : comparison()
  }

  function functionCall(call: (text: string, part: string) => boolean): Test {
    take()
    expect('(')
    const subject = operand()
    expect(',')
    const part = operand()
    expect(')')
    return (row) => call(String(subject(row) ?? ''), String(part(row) ?? ''))
  }

  function comparison(): Test {
    const left = operand()
    const holds = comparisons.get(peek()?.text ?? '')
    if (!holds) return (row) => left(row) === true
    take()
    const right = operand()
    return (row) => holds(compare(left(row), right(row)))
  }

  function operand(): (row: Row) => unknown {
    const token = take()
    if (token.kind === 'mark') return badQuery(`Expression expected at position ${token.at}.`)
    if (token.kind === 'word' && !constants.has(token.text)) return propertyAt(token.text, sample)
    const value = token.kind === 'word' ? constants.get(token.text) : literal(token)
    return () => value
  }

  const test = either()
  const rest = peek()
  return rest ? badQuery(`Syntax error at position ${rest.at}.`) : test
}
