import type { Given } from './collect.js'

/** All that was given, the strongest layer first; leaf by leaf, except that one layer's `listeners` replace another's. */
export interface Givens {
  get(path: string): Given | undefined
  /** The strongest among several names of one leaf; the first of them when they are equally strong. */
  strongest(paths: readonly string[]): Given | undefined
  /** Names under `environments`. */
  environmentNames(): string[]
}

export function mergeGivens(layersFromWeakest: readonly (readonly Given[])[]): Givens {
  const byPath = new Map<string, Given>()
  for (const layer of layersFromWeakest) {
    if (layer.some(({ path }) => path === 'listeners')) {
      for (const path of byPath.keys()) if (path.startsWith('listeners[')) byPath.delete(path)
    }
    for (const given of layer) byPath.set(given.path, given)
  }
  return {
    get: (path) => byPath.get(path),
    strongest(paths) {
      const found = paths.flatMap((path) => byPath.get(path) ?? [])
      return found.reduce<Given | undefined>(
        (best, next) => (best && best.layer.rank >= next.layer.rank ? best : next),
        undefined
      )
    },
    environmentNames: () => [...byPath.keys()].flatMap((path) => /^environments\.([^.]+)$/.exec(path)?.[1] ?? [])
  }
}
