import type { FastifyRequest } from 'fastify'
import { odataWorkOrder } from '../data/views.js'
import type { Host } from '../host.js'
import { answerList, answerOne, type EntitySet } from '../odata-answer.js'
import type { Row } from '../odata-values.js'
import { type ById, mustReadWorkOrder, type ResourceOptions, type WithQuery } from './resource.js'

/** The OData routes: lists, the single work order and what belongs to it, and the routes that always fail. */
export function odata(app: Host, options: ResourceOptions): void {
  const { store, now } = options
  const addressOf = (request: FastifyRequest) => ({
    host: request.host,
    path: request.url.split('?', 1)[0] ?? '',
    now: now()
  })

  app.addHook('onSend', async (request, reply, payload) => {
    if (/\/odata\b/i.test(request.url) && reply.statusCode < 300) {
      reply.type('application/json; odata.metadata=minimal; charset=utf-8').header('odata-version', '4.0')
    }
    return payload
  })

  for (const set of entitySets(options)) {
    app.get<WithQuery>(`/odata/${set.name}`, async (request) => answerList(set, request.query, addressOf(request)))
  }

  const workOrders = workOrderSet(options)
  app.get<ById & WithQuery>('/odata/workorders(:id(^\\d+))', async (request) =>
    answerOne(workOrders, Number(request.params.id), request.query, addressOf(request))
  )
  for (const [name, rowsOf] of Object.entries(detailsOf(options))) {
    app.get<ById & WithQuery>(`/odata/workorders(:id(^\\d+))/${name}`, async (request) => {
      const { Id } = mustReadWorkOrder(store, request.params.id)
      const set: EntitySet = { name: `workorders(${Id})/${name}`, rows: () => rowsOf(Id) }
      return answerList(set, request.query, addressOf(request))
    })
  }

  // The same options as in a query, in a body and without the dollar sign: for filters too long for an address.
  app.post('/odata/workorders/filter', async (request) => {
    const given = Object.entries(request.body ?? {}).filter(([, value]) => value !== null)
    const query = Object.fromEntries(given.map(([name, value]) => [`$${name.toLowerCase()}`, String(value)]))
    return answerList(workOrders, query, addressOf(request))
  })

  // Routing defects of the real service: two actions claim these addresses, so they answer 500 for ever.
  for (const url of [
    '/odata/locations(:id(^\\d+))',
    '/odata/invoices(:id(^\\d+))',
    '/odata/providers',
    '/odata/assets'
  ]) {
    app.get(url, async (request) => {
      throw new Error(`Multiple actions were found that match the request: ${request.url.split('?', 1)[0]}`)
    })
  }
}

function entitySets(options: ResourceOptions): EntitySet[] {
  const { store } = options
  return [
    workOrderSet(options),
    { name: 'locations', rows: () => store.locations },
    { name: 'invoices', rows: () => store.visible(store.invoices), dateField: 'PostedDate' },
    { name: 'trades', rows: () => store.trades },
    { name: 'users', rows: () => store.users }
  ]
}

function workOrderSet({ store }: ResourceOptions): EntitySet {
  return {
    name: 'workorders',
    rows: () => store.visible(store.workOrders).map((order) => odataWorkOrder(order, store)),
    expand: {
      Provider: ({ Id }) => store.workOrder(Number(Id))?.Provider ?? null,
      Invoice: ({ Id }) => store.invoices.find(({ WoTrackingNumber }) => WoTrackingNumber === Id) ?? null,
      Assets: () => []
    },
    untranslatable: ['notes', 'workactivities'],
    dateField: 'CallDate'
  }
}

function detailsOf({ store, signedUri }: ResourceOptions): Record<string, (workOrderId: number) => Row[]> {
  return {
    notes: (id) => store.visible(store.notesOf(id)),
    attachments: (id) => store.visible(store.attachmentsOf(id)).map((file) => ({ ...file, Uri: signedUri(file) })),
    workactivities: (id) => store.visible(store.activitiesOf(id))
  }
}
