/** The known name closest to a mistyped one (Levenshtein distance), or undefined when none is close. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let bound = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    const far = distance(word.toLowerCase(), name.toLowerCase())
    if (far < bound) [best, bound] = [name, far]
  }
  return best
}

/** `; did you mean "name"?`, or nothing. */
export function suggestion(word: string, names: Iterable<string>): string {
  const name = nearest(word, names)
  return name === undefined ? '' : `; did you mean ${name}?`
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === b[j] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
