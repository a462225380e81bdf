import { callerOf } from '../bearer.js'
import { makeActivity } from '../data/details.js'
import { moment, utc } from '../data/moments.js'
import { errorCodes, Refusal } from '../envelope.js'
import type { Host } from '../host.js'
import { type ById, mustFindWorkOrder, type ResourceOptions } from './resource.js'

/** Check-in and check-out, and work activities entered by hand. */
export function visits(app: Host, { store, now }: ResourceOptions): void {
  const openVisit = (id: number) => store.activitiesOf(id).find(({ TimeOut }) => TimeOut === null)

  app.post<ById>('/workorders/:id(^\\d+$)/universalCheckIn', async (request) => {
    const order = mustFindWorkOrder(store, request.params.id)
    // 405 is a business rule on these two operations, not a wrong verb.
    if (openVisit(order.Id)) throw new Refusal(405, errorCodes.status, 'The work order is checked in already')
    const activity = makeActivity(store.nextId(), order.Id, callerOf(request).username, now())
    store.activitiesOf(order.Id).push(store.made(activity))
    order.Status = { Primary: 'IN PROGRESS', Extended: 'ON SITE', CanCreateInvoice: false }
    Object.assign(order, moment('UpdatedDate', now()))
    return { id: activity.Id }
  })

  app.post<ById>('/workorders/:id(^\\d+$)/universalCheckOut', async ({ params }) => {
    const order = mustFindWorkOrder(store, params.id)
    const visit = openVisit(order.Id)
    if (!visit) throw new Refusal(405, errorCodes.status, 'The work order is not checked in')
    visit.TimeOut = utc(now())
    order.Status = { Primary: 'IN PROGRESS', Extended: 'INCOMPLETE', CanCreateInvoice: false }
    Object.assign(order, moment('UpdatedDate', now()))
    return { id: visit.Id }
  })

  // 406 means "already processed" here and tells a repeated request from a new one; it is not content negotiation.
  const entered = new Set<string>()
  app.post<ById>('/workorders/:id(^\\d+$)/workactivities', async (request, reply) => {
    const order = mustFindWorkOrder(store, request.params.id)
    const key = `${order.Id} ${JSON.stringify(request.body)}`
    if (entered.has(key)) throw new Refusal(406, errorCodes.status, 'The request has been processed already')
    entered.add(key)
    const activity = makeActivity(store.nextId(), order.Id, callerOf(request).username, now())
    store.activitiesOf(order.Id).push(store.made({ ...activity, TimeOut: utc(now()) }))
    return reply.code(201).send({ id: activity.Id })
  })
}
