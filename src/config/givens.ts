import type { Given, Layer } from './collect.js'

/** All that was given: leaf by leaf from the strongest layer, except that one layer's `listeners` replace another's. */
export interface Givens {
  get(path: string): Given | undefined
  /** The strongest among several names of one leaf; the first of them when they are equally strong. */
  strongest(paths: readonly string[]): Given | undefined
  /** Names under `environments`. */
  environmentNames(): string[]
}

/** Puts layers together, the weakest first. */
export function mergeGivens(layers: readonly (readonly Given[])[]): Givens {
  const byPath = new Map<string, Given>()
  const strength = new Map<Layer, number>()
  for (const [rank, givens] of layers.entries()) {
    if (givens.some(({ path }) => path === 'listeners')) {
      for (const path of byPath.keys()) if (path.startsWith('listeners[')) byPath.delete(path)
    }
    for (const given of givens) {
      byPath.set(given.path, given)
      strength.set(given.layer, rank)
    }
  }
  const strengthOf = ({ layer }: Given) => strength.get(layer) ?? 0
  return {
    get: (path) => byPath.get(path),
    strongest: (paths) =>
      paths.flatMap((path) => byPath.get(path) ?? []).sort((a, b) => strengthOf(b) - strengthOf(a))[0],
    environmentNames: () => [...byPath.keys()].flatMap((path) => /^environments\.([^.]+)$/.exec(path)?.[1] ?? [])
  }
}
