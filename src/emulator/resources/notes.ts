import { callerOf } from '../bearer.js'
import { readFields } from '../body.js'
import { makeNote } from '../data/details.js'
import { errorCodes, Refusal } from '../envelope.js'
import type { Host } from '../host.js'
import { type ById, mustFindWorkOrder, mustReadWorkOrder, type ResourceOptions, type WithQuery } from './resource.js'

/** Notes of a work order over REST. They have a paging of their own: `paging=<page>:<size>`, where 9999 is accepted. */
export function notes(app: Host, { store, now }: ResourceOptions): void {
  const url = '/workorders/:id(^\\d+$)/notes'

  app.get<ById & WithQuery>(url, async ({ params, query }) => {
    const all = store.visible(store.notesOf(mustReadWorkOrder(store, params.id).Id))
    const [page, size] = readPaging(query.paging)
    const users = all.filter(({ NoteType }) => NoteType === 'UsersNote').length
    return {
      Notes: all.slice((page - 1) * size, page * size),
      AllNotesCount: all.length,
      UserNotesCount: users,
      SystemNotesCount: all.length - users
    }
  })

  app.post<ById>(url, async (request, reply) => {
    const order = mustFindWorkOrder(store, request.params.id)
    const text = readFields(request.body).text('Note')
    if (!text) throw new Refusal(400, errorCodes.emptyRequest, 'Note is required')
    const list = store.notesOf(order.Id)
    const note = makeNote(store.nextNoteId(), list.length + 1, text, callerOf(request).username, now())
    list.push(store.made(note))
    return reply.code(201).send({ id: note.Id })
  })
}

function readPaging(text = '1:50'): [page: number, size: number] {
  const [, page, size] = /^([1-9]\d*):([1-9]\d*)$/.exec(text) ?? []
  if (!page || !size) throw new Refusal(400, errorCodes.paging, 'Invalid paging parameter')
  return [Number(page), Number(size)]
}
