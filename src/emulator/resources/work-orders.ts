import { callerOf } from '../bearer.js'
import { type Fields, readFields } from '../body.js'
import { moment } from '../data/moments.js'
import { statuses } from '../data/names.js'
import type { Store } from '../data/store.js'
import { restWorkOrder } from '../data/views.js'
import { makeWorkOrder } from '../data/work-orders.js'
import { errorCodes, Refusal } from '../envelope.js'
import type { Host } from '../host.js'
import {
  type ById,
  mustFindWorkOrder,
  mustReadWorkOrder,
  pageOf,
  type ResourceOptions,
  type WithQuery
} from './resource.js'

/** Work orders over REST: list (a bare array), read, create, status and resolution. */
export function workOrders(app: Host, { store, now }: ResourceOptions): void {
  app.get<WithQuery>('/workorders', async ({ query }) =>
    pageOf(store.visible(store.workOrders), query).map((order) => restWorkOrder(order, store))
  )

  app.get<ById>('/workorders/:id(^\\d+$)', async ({ params }) =>
    restWorkOrder(mustReadWorkOrder(store, params.id), store)
  )

  app.post('/workorders', async (request, reply) => {
    const order = readNewOrder(readFields(request.body), store, callerOf(request).username, now())
    store.workOrders.push(store.made(order))
    return reply.code(201).send({ id: order.Id })
  })

  app.put<ById>('/workorders/:id(^\\d+$)/status', async ({ params, body }) => {
    const order = mustFindWorkOrder(store, params.id)
    const status = readFields(body).inner('Status')
    const primary = readPrimary(status.text('Primary'))
    const completed = primary === 'COMPLETED'
    order.Status = { Primary: primary, Extended: status.text('Extended') ?? '', CanCreateInvoice: completed }
    Object.assign(order, moment('UpdatedDate', now()), completed ? moment('CompletedDate', now()) : {})
    return { result: 'Work order status has been changed', id: order.Id }
  })

  app.post<ById>('/workorders/:id(^\\d+$)/resolution', async ({ params, body }) => {
    const order = mustFindWorkOrder(store, params.id)
    const resolution = readFields(body).text('Resolution')
    if (!resolution) throw new Refusal(400, errorCodes.description, 'Resolution is required')
    Object.assign(order, { Resolution: resolution }, moment('UpdatedDate', now()))
    return { result: 'Resolution has been added', id: order.Id }
  })
}

function readNewOrder(fields: Fields, store: Store, createdBy: string, now: number) {
  const contract = fields.inner('ContractInfo')
  const required = <T>(value: T | undefined, code: number, problem: string): T => {
    if (value === undefined) throw new Refusal(400, code, problem)
    return value
  }
  const [locationId, storeId] = [contract.number('LocationId'), contract.text('StoreId')]
  const location = store.locations.find(({ Id, StoreId }) => (locationId ? Id === locationId : StoreId === storeId))
  const trade = store.trades.find(
    ({ Id, Name }) => Id === contract.number('TradeId') || Name === contract.text('TradeName')
  )
  const provider = store.providers.find(({ Id }) => Id === contract.number('ProviderId')) ?? store.providers[0]
  return makeWorkOrder({
    id: store.nextWorkOrderId(),
    location: required(location, locationId ? errorCodes.locationId : errorCodes.storeId, 'Location is not found'),
    provider: required(provider, errorCodes.noRights, 'Provider is not found'),
    trade: required(trade, errorCodes.trade, 'Trade is not found'),
    priority: required(named(store.priorities, fields.text('Priority')), errorCodes.priority, 'Priority is not found'),
    category: required(named(store.categories, fields.text('Category')), errorCodes.category, 'Category is not found'),
    status: {
      Primary: readPrimary(fields.inner('Status').text('Primary') ?? 'OPEN'),
      Extended: fields.inner('Status').text('Extended') ?? ''
    },
    callDate: readDate(fields.text('CallDate'), now),
    nte: required(fields.number('Nte'), errorCodes.nte, 'Nte is required'),
    description: required(fields.text('Description') || undefined, errorCodes.description, 'Description is required'),
    problemCode: fields.text('ProblemCode') ?? '',
    createdBy
  })
}

/** Companies make up extended statuses of their own; the primary ones are everybody's. */
function readPrimary(text: string | undefined): string {
  const known = statuses.find(({ Primary }) => Primary === text?.toUpperCase())
  if (!known) throw new Refusal(400, errorCodes.status, 'Status is invalid')
  return known.Primary
}

function readDate(text: string | undefined, fallback: number): number {
  const time = text === undefined ? fallback : Date.parse(text)
  if (Number.isNaN(time)) throw new Refusal(400, errorCodes.callDate, 'CallDate is invalid')
  return time
}

function named<T extends { Name: string }>(rows: T[], name: string | undefined): T | undefined {
  return rows.find(({ Name }) => Name.toLowerCase() === name?.toLowerCase())
}
