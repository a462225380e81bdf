interface Node<N> {
  prev: N | undefined
  next: N | undefined
}

interface Chain<N extends Node<N>> {
  first: N | undefined
  last: N | undefined
  size: number
}

function insert<N extends Node<N>>(chain: Chain<N>, node: N): void {
  node.prev = chain.last
  node.next = undefined
  if (chain.last) chain.last.next = node
  else chain.first = node
  chain.last = node
  chain.size++
}

function unlink<N extends Node<N>>(chain: Chain<N>, node: N): void {
  if (node.prev) node.prev.next = node.next
  else chain.first = node.next
  if (node.next) node.next.prev = node.prev
  else chain.last = node.prev
  chain.size--
}

/** Somebody's place in the line. */
export interface Spot<T> extends Node<Spot<T>> {
  readonly item: T
  readonly level: Level<T>
  /** Undefined once it has left the line. */
  queue: Queue<T> | 'returned' | undefined
}

/** The calls of one client at one urgency, first come first served. */
interface Queue<T> extends Chain<Spot<T>>, Node<Queue<T>> {
  readonly client: string
}

interface Level<T> {
  /** Refused upstream and back again: before all others of this urgency. */
  readonly returned: Chain<Spot<T>>
  readonly ring: Chain<Queue<T>>
  readonly clients: Map<string, Queue<T>>
  size: number
}

/**
 * A waiting line: higher urgency first; within one urgency clients take turns; within one client first come, first
 * served.
 */
export interface Line<T> {
  size(): number
  /** `again`: to the front of its urgency. */
  join(item: T, client: string, urgency: number, again: boolean): Spot<T>
  /** Whose turn it is, taken out of the line. */
  shift(): T | undefined
  /** Leaves from anywhere, in O(1); nothing happens when it has left already. */
  leave(spot: Spot<T>): void
  /** How many calls would go before one that joined now. */
  ahead(client: string, urgency: number, again: boolean): number
  /**
   * Who gives way to a newcomer when there is no more room: the youngest call of the client that has the most of them,
   * among the least urgent. Nobody, when that client would have fewer than the newcomer's then.
   */
  lastBehind(client: string, urgency: number): T | undefined
  /** Everybody in the order of service. */
  order(): T[]
}

/** RFC 9218 section 4.1: urgency 0 (first) to 7 (last). */
const urgencies = 8

function chain<N extends Node<N>>(): Chain<N> {
  return { first: undefined, last: undefined, size: 0 }
}

function createLevel<T>(): Level<T> {
  return { returned: chain(), ring: chain(), clients: new Map(), size: 0 }
}

/** An empty line. Urgencies outside 0–7 count as the nearest of them. */
export function createLine<T>(): Line<T> {
  const levels = Array.from({ length: urgencies }, () => createLevel<T>())
  let size = 0

  function indexOf(urgency: number): number {
    return Math.min(urgencies - 1, Math.max(0, Math.trunc(urgency)))
  }

  function queueOf(level: Level<T>, client: string): Queue<T> {
    let queue = level.clients.get(client)
    if (!queue) {
      queue = { ...chain<Spot<T>>(), prev: undefined, next: undefined, client }
      level.clients.set(client, queue)
      insert(level.ring, queue)
    }
    return queue
  }

  function leave(spot: Spot<T>): void {
    const { level, queue } = spot
    if (!queue) return
    spot.queue = undefined
    level.size--
    size--
    unlink(queue === 'returned' ? level.returned : queue, spot)
    if (queue === 'returned' || queue.size > 0) return
    unlink(level.ring, queue)
    level.clients.delete(queue.client)
  }

  return {
    size: () => size,
    join(item, client, urgency, again) {
      const level = levels[indexOf(urgency)]!
      const queue = again ? 'returned' : queueOf(level, client)
      const spot: Spot<T> = { item, level, queue, prev: undefined, next: undefined }
      insert(queue === 'returned' ? level.returned : queue, spot)
      level.size++
      size++
      return spot
    },
    shift() {
      const level = levels.find((candidate) => candidate.size > 0)
      const spot = level?.returned.first ?? level?.ring.first?.first
      if (!level || !spot) return undefined
      const { queue } = spot
      leave(spot)
      // Whoever had a turn goes behind the other clients.
      if (queue && queue !== 'returned' && queue.size > 0) {
        unlink(level.ring, queue)
        insert(level.ring, queue)
      }
      return spot.item
    },
    leave,
    ahead(client, urgency, again) {
      const own = indexOf(urgency)
      const level = levels[own]!
      let calls = level.returned.size
      for (const higher of levels.slice(0, own)) calls += higher.size
      if (again) return calls
      const mine = level.clients.get(client)
      const turns = mine?.size ?? 0
      calls += turns
      // Clients before this one in the ring have one turn more than those after it.
      let extra = 1
      for (let queue = level.ring.first; queue; queue = queue.next) {
        if (queue === mine) extra = 0
        else calls += Math.min(queue.size, turns + extra)
      }
      return calls
    },
    lastBehind(client, urgency) {
      const own = levels[indexOf(urgency)]!
      const least = levels.findLast(({ ring }) => ring.size > 0)
      if (!least || levels.indexOf(least) < levels.indexOf(own)) return undefined
      let longest: Queue<T> | undefined
      for (let queue = least.ring.first; queue; queue = queue.next) {
        if (queue.size > (longest?.size ?? 0)) longest = queue
      }
      const mine = least === own ? (own.clients.get(client)?.size ?? 0) : -1
      return longest && longest.size > mine + 1 ? longest.last?.item : undefined
    },
    order() {
      const items: T[] = []
      for (const level of levels) {
        for (let spot = level.returned.first; spot; spot = spot.next) items.push(spot.item)
        let heads: (Spot<T> | undefined)[] = []
        for (let queue = level.ring.first; queue; queue = queue.next) heads.push(queue.first)
        while (heads.length > 0) {
          const next: (Spot<T> | undefined)[] = []
          for (const spot of heads) {
            if (!spot) continue
            items.push(spot.item)
            if (spot.next) next.push(spot.next)
          }
          heads = next
        }
      }
      return items
    }
  }
}
