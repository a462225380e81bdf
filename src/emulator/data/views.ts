import type { Store } from './store.js'
import type { WorkOrder } from './work-orders.js'

/** A work order as REST shows it. Its own LocationId is 0 there; the real one is in Location. */
export function restWorkOrder(order: WorkOrder, store: Store) {
  return { ...order, ...countsOf(order, store), LocationId: 0 }
}

/** A work order as OData shows it: without the provider, unless that is expanded. */
export function odataWorkOrder({ Provider, ...order }: WorkOrder, store: Store) {
  return { ...order, ...countsOf(order, store) }
}

function countsOf({ Id }: { Id: number }, store: Store) {
  const notes = store.notesOf(Id)
  const last = notes.at(-1)
  return {
    HasWorkActivity: store.activitiesOf(Id).length > 0,
    Attachments: { Count: counts(store.attachmentsOf(Id).length) },
    Notes: {
      WorkOrderId: Id,
      Last:
        last === undefined
          ? null
          : {
              Id: last.Id,
              Number: last.Number,
              NoteData: last.NoteData,
              DateCreated: last.DateCreated,
              ActionRequired: last.ActionRequired,
              MailedTo: last.MailedTo,
              CreatedBy: last.CreatedBy
            },
      Count: counts(notes.length)
    }
  }
}

function counts(total: number) {
  return { Total: total, Own: total }
}
