import { readFields } from '../body.js'
import { makeInvoice } from '../data/details.js'
import { errorCodes, Refusal } from '../envelope.js'
import type { Host } from '../host.js'
import { type ById, notFound, type ResourceOptions } from './resource.js'

/** Invoices: one per work order, and only when that is COMPLETED. */
export function invoices(app: Host, { store, now }: ResourceOptions): void {
  app.get<ById>(
    '/invoices/:id(^\\d+$)',
    async ({ params }) =>
      store.visible(store.invoices).find(({ Id }) => Id === Number(params.id)) ?? notFound('Invoice', params.id)
  )

  app.post('/invoices', async ({ body }, reply) => {
    const fields = readFields(body)
    const number = fields.text('InvoiceNumber')
    const identifier = fields.text('WoIdentifier') ?? fields.number('WoIdentifier')
    if (!number || identifier === undefined) {
      throw new Refusal(400, errorCodes.noInvoice, 'InvoiceNumber and WoIdentifier are required')
    }
    const order = store.workOrder(Number(identifier))
    if (!order) throw new Refusal(404, errorCodes.invoiceWorkOrder, 'Work order is not found')
    if (order.IsInvoiced) throw new Refusal(400, errorCodes.alreadyInvoiced, 'Work order is already invoiced')
    if (order.Status.Primary !== 'COMPLETED') throw new Refusal(400, errorCodes.status, 'Work order is not completed')
    if (store.invoices.some((invoice) => invoice.Number === number)) {
      throw new Refusal(400, errorCodes.duplicateInvoice, 'Invoice number is used already')
    }
    const total = fields.number('InvoiceTotal') ?? order.Nte
    const invoice = makeInvoice(store.nextId(), number, order, total, 0, now())
    store.invoices.push(store.made(invoice))
    order.IsInvoiced = true
    order.Status = { Primary: 'INVOICED', Extended: '', CanCreateInvoice: false }
    return reply.code(201).send({ id: invoice.Id })
  })
}
