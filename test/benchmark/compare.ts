import { readFileSync, writeFileSync } from 'node:fs'
import { type Cost, countAllocations } from './allocations.js'
import { nodeVersion } from './machine.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import { source } from './paths.js'
import type { Scope } from './scope.js'

/** By the major version of Node.js, for each allocates in its own way; then by the name of the shape. */
type Baseline = Record<string, Record<string, Cost>>

/** Repeated runs stay within 1.03 of each other, on a busy machine too. */
const allowedRatio = 1.05
const file = source('baseline.json')
const titles = { bytes: 'bytes', promises: 'promises', otherAsyncResources: 'other async resources' } as const

/**
 * Guards against a call becoming more expensive unnoticed. Times would depend on the machine and on who else uses it;
 * what a call allocates does not.
 */
export async function compare(scope: Scope, { node, write }: Options): Promise<void> {
  const baseline: Baseline = JSON.parse(readFileSync(file, 'utf8'))
  const [major = ''] = nodeVersion(node).split('.')
  const recorded = baseline[major]
  const costs = await countAllocations(scope, node)

  let grown = false
  const rows = [...costs].flatMap(([shape, cost]) =>
    (['bytes', 'promises', 'otherAsyncResources'] as const).map((key) => {
      const then = recorded?.[shape.name]?.[key]
      const ratio = then === undefined ? Number.NaN : cost[key] / then
      if (ratio > allowedRatio) grown = true
      return [
        `${shape.title}: ${titles[key]}`,
        String(then ?? '–'),
        String(cost[key]),
        Number.isNaN(ratio) ? '–' : ratio.toFixed(3)
      ]
    })
  )
  console.log(`One call on Node.js ${major}\n\n${table(['', 'baseline', 'now', 'ratio'], rows)}`)

  if (write) {
    const named = Object.fromEntries([...costs].map(([shape, cost]) => [shape.name, cost]))
    writeFileSync(file, `${JSON.stringify({ ...baseline, [major]: named }, null, 2)}\n`)
  } else if (recorded === undefined) {
    throw new Error(`\nThere is no baseline for Node.js ${major}: record one with --compare --write`)
  } else if (grown) {
    throw new Error(
      `\nA call allocates more than ${allowedRatio} times what it did. If that is meant: --compare --write`
    )
  }
}
