/**
 * The items in the order of this turn. Over `2 * items.length` turns each is at every place, and right behind every
 * other one, equally often: what somebody leaves behind for the next does not always meet the same one.
 *
 * @param turn whole, from 0
 */
export function orderOf<Item>(items: readonly Item[], turn: number): Item[] {
  const count = items.length
  // To and fro (0, 1, -1, 2, -2, …) from another item each turn; in the mirror when all have begun.
  const direction = Math.floor(turn / count) % 2 === 0 ? 1 : -1
  return items.map((_, place) => {
    const step = place % 2 === 1 ? (place + 1) / 2 : -place / 2
    return items[(turn + direction * step + count * count) % count]!
  })
}
