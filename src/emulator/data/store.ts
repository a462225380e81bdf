import { seededRandom } from '../random.js'
import { type Activity, type Attachment, type Invoice, makeInvoice, makeNote, type Note } from './details.js'
import { seedCategories, seedLocations, seedPriorities, seedProviders, seedTrades, seedUsers } from './places.js'
import { seedWorkOrders, type WorkOrder } from './work-orders.js'

export type Store = ReturnType<typeof createStore>

export interface StoreOptions {
  seed: number
  /** Wall clock in milliseconds. */
  now: () => number
  /** Reads go to a copy that lags so many seconds behind; writes do not. */
  replicaLagSeconds: number
}

/**
 * The state behind the API: invented data of one company, the same for the same seed and day, and what callers add to it.
 * `visible` filters rows as a lagging read replica would; look an object up for a write without it.
 */
export function createStore({ seed, now, replicaLagSeconds }: StoreOptions) {
  const random = seededRandom(seed)
  const today = Math.floor(now() / 86_400_000) * 86_400_000
  const lists = {
    locations: seedLocations(),
    providers: seedProviders(),
    trades: seedTrades(),
    priorities: seedPriorities(),
    categories: seedCategories(),
    users: seedUsers()
  }
  const workOrders = seedWorkOrders(lists, today, random)
  // Beyond 2^53, where a client that reads ids as doubles loses the last digit.
  let lastNoteId = 9_007_199_254_740_992n
  let lastId = 390_000_000
  const invoices: Invoice[] = workOrders
    .filter(({ IsInvoiced }) => IsInvoiced)
    .map((order, index) => makeInvoice(lastId++, `INV-${1001 + index}`, order, 125, order.Nte / 4, today))
  const notes = new Map<number, Note[]>()
  const attachments = new Map<number, Attachment[]>()
  const activities = new Map<number, Activity[]>()
  const visibleFrom = new WeakMap<object, number>()

  const of = <T>(map: Map<number, T[]>, id: number): T[] => {
    const list = map.get(id) ?? []
    map.set(id, list)
    return list
  }
  const nextNoteId = () => (lastNoteId += 1n)

  for (const { Id, CreatedBy, Description } of workOrders) {
    of(notes, Id).push(
      makeNote(nextNoteId(), 1, 'Work order dispatched', '.', today),
      makeNote(nextNoteId(), 2, `<b>${Description}</b>`, CreatedBy, today)
    )
  }

  return {
    ...lists,
    workOrders,
    invoices,
    notesOf: (id: number) => of(notes, id),
    attachmentsOf: (id: number) => of(attachments, id),
    activitiesOf: (id: number) => of(activities, id),
    nextNoteId,
    nextId: () => ++lastId,
    nextWorkOrderId: () => (workOrders.at(-1)?.Id ?? 270_000_000) + 1,
    /** Marks a row as just made and returns it. */
    made<T extends object>(row: T): T {
      visibleFrom.set(row, now() + replicaLagSeconds * 1000)
      return row
    },
    visible: <T extends object>(rows: readonly T[]): T[] => rows.filter((row) => (visibleFrom.get(row) ?? 0) <= now()),
    /** The work order as a write sees it. */
    workOrder: (id: number): WorkOrder | undefined => workOrders.find((order) => order.Id === id)
  }
}
