import { writeFileSync } from 'node:fs'
import type { HeapProfiler, Profiler } from 'node:inspector'
import { allocationCharges, type Charge, cpuCharges } from './charge.js'
import { load } from './load.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import { root } from './paths.js'
import type { Scope } from './scope.js'
import { startSubject } from './subject.js'
import { shapes, startUpstream } from './upstream.js'

/** Not the process's work, but its waiting. */
const idle = ['(idle)', '(root)', '(program)']

/** Where sc-proxy's time goes under load, and then, in a run of its own, its memory. */
export async function profile(scope: Scope, { node, seconds, connections }: Options): Promise<void> {
  const upstream = await startUpstream(scope)
  const shape = shapes[0]!
  const { url, inquire } = await startSubject(scope, { upstream }, { node, path: shape.path })
  const run = { url, shape, connections: Math.max(...connections) }
  await load({ ...run, seconds })

  await inquire('startProfile')
  const { requests } = await load({ ...run, seconds })
  const cpu = await inquire<Profiler.Profile>('profile')
  const file = 'build/sc-proxy.cpuprofile'
  writeFileSync(root + file, JSON.stringify(cpu))

  await inquire('startAllocations')
  const { requests: alsoRequests } = await load({ ...run, seconds })
  const memory = await inquire<HeapProfiler.SamplingHeapProfile>('allocations')

  console.log(`${shape.title}, ${run.connections} connections; the whole profile is in ${file}\n`)
  print('µs', cpuCharges(cpu), requests)
  print('bytes', allocationCharges(memory), alsoRequests)
}

function print(unit: string, charges: readonly Charge[], calls: number): void {
  const working = charges.filter(({ owner }) => !idle.includes(owner))
  const total = sumOf(working)
  const row = (name: string, self: number, charged: number) => [
    name,
    (self / calls).toFixed(2),
    (charged / calls).toFixed(2),
    `${((charged / total) * 100).toFixed(1)} %`
  ]
  const owners = [...new Set(working.map(({ owner }) => owner))].map((owner) => {
    const theirs = working.filter((charge) => charge.owner === owner)
    return { owner, self: theirs.reduce((sum, { self }) => sum + self, 0), charged: sumOf(theirs) }
  })
  owners.sort((a, b) => b.charged - a.charged)
  const head = ['', `${unit} a call: itself`, 'with the Node code it calls', 'share']
  console.log(
    table(
      head,
      owners.map(({ owner, self, charged }) => row(owner, self, charged))
    )
  )
  const ours = working.filter(({ owner }) => owner === 'sc-proxy').slice(0, 40)
  const others = working.filter(({ owner }) => owner !== 'sc-proxy').sort((a, b) => b.self - a.self)
  for (const list of [ours, others.slice(0, 25)]) {
    const rows = list.map(({ owner, place, self, charged }) => row(`${owner}: ${place}`, self, charged))
    console.log(`\n${table(head, rows)}`)
  }
  console.log()
}

function sumOf(charges: readonly Charge[]): number {
  return charges.reduce((sum, { charged }) => sum + charged, 0)
}
