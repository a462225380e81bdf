import type { HeapProfiler, Profiler } from 'node:inspector'

/** A function and what it is charged with. */
export interface Charge {
  /** `sc-proxy`, the name of a package, `node`, or V8's own, such as `(garbage collector)`. */
  readonly owner: string
  readonly place: string
  /** Spent in the function itself. */
  readonly self: number
  /** The same and what it spent in Node's own code on its way: who makes a stream pays for the stream. */
  readonly charged: number
}

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface Node {
  readonly frame: Frame
  readonly parent: Node | undefined
  readonly amount: number
}

/** Charges in microseconds, most first. */
export function cpuCharges(profile: Profiler.Profile): Charge[] {
  const amounts = new Map<number, number>()
  profile.samples?.forEach((id, index) => {
    amounts.set(id, (amounts.get(id) ?? 0) + (profile.timeDeltas?.[index] ?? 0))
  })
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const known = new Map<number, Node>()
  const nodeOf = (id: number): Node => {
    const seen = known.get(id)
    if (seen) return seen
    const parent = parents.get(id)
    const frame = byId.get(id)!.callFrame
    const made = { frame, parent: parent === undefined ? undefined : nodeOf(parent), amount: amounts.get(id) ?? 0 }
    known.set(id, made)
    return made
  }
  return charge(profile.nodes.map(({ id }) => nodeOf(id)))
}

/** Charges in bytes, most first. */
export function allocationCharges(profile: HeapProfiler.SamplingHeapProfile): Charge[] {
  const nodes: Node[] = []
  const visit = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode, parent?: Node) => {
    const node = { frame: callFrame, parent, amount: selfSize }
    nodes.push(node)
    for (const child of children) visit(child, node)
  }
  visit(profile.head)
  return charge(nodes)
}

function charge(nodes: readonly Node[]): Charge[] {
  const charges = new Map<string, { owner: string; place: string; self: number; charged: number }>()
  const of = (frame: Frame) => {
    const [owner, place] = [ownerOf(frame), placeOf(frame)]
    const known = charges.get(owner + place) ?? { owner, place, self: 0, charged: 0 }
    charges.set(owner + place, known)
    return known
  }
  for (const node of nodes) {
    of(node.frame).self += node.amount
    of(payerOf(node).frame).charged += node.amount
  }
  return [...charges.values()].sort((a, b) => b.charged - a.charged)
}

/** The innermost function that is not Node's or V8's own; the node itself when there is none. */
function payerOf(node: Node): Node {
  for (let at: Node | undefined = node; at; at = at.parent) {
    const owner = ownerOf(at.frame)
    if (owner !== 'node' && !owner.startsWith('(')) return at
  }
  return node
}

function ownerOf({ url, functionName }: Frame): string {
  const packageName = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (packageName !== undefined) return packageName
  if (/\/dist\/.+\.js$/.test(url)) return 'sc-proxy'
  return functionName.startsWith('(') ? functionName : 'node'
}

function placeOf({ functionName, url, lineNumber }: Frame): string {
  const file = url.replace(/^.*\/dist\//, '').replace(/^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//, '')
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}
