import { inPath, inQuery, type Operation, operation, paging } from './operation.js'
import { count, list, ref, text } from './schema.js'

/* Examples name what the emulator's data holds, so that every one can be tried. */
const order = inPath(270000001)
const completedOrder = 270000005

const orders = 'Work orders'
const noOrder = { 404: 'There is no such work order.' }
const noPage = { 400: 'The page is not a number.', 500: 'The page is below 1.' }

const newOrder = {
  ContractInfo: { StoreId: '1001', TradeName: 'PLUMBING', ProviderId: 2015800001 },
  Category: 'REPAIR',
  Priority: 'P3 - 72 Hours',
  Nte: 250,
  CallDate: '2026-05-04T15:00:00Z',
  Description: 'Faucet in the back room drips and will not close',
  ProblemCode: 'LEAKING FAUCET',
  Status: { Primary: 'OPEN', Extended: '' }
}

const workOrderPaths: Record<string, Record<string, Operation>> = {
  '/v3/workorders': {
    get: operation(orders, 'List work orders', {
      parameters: paging,
      answer: list(ref('WorkOrder')),
      refusals: noPage
    }),
    post: operation(orders, 'Create a work order', {
      body: { example: newOrder, required: ['ContractInfo', 'Category', 'Priority', 'Nte', 'Description'] },
      status: 201,
      answer: ref('Made'),
      refusals: { 400: 'Something is missing, or is not known.' }
    })
  },
  '/v3/workorders/{id}': {
    get: operation(orders, 'Read a work order', { parameters: [order], answer: ref('WorkOrder'), refusals: noOrder })
  },
  '/v3/workorders/{id}/status': {
    put: operation(orders, 'Change the status of a work order', {
      parameters: [order],
      body: { example: { Status: { Primary: 'IN PROGRESS', Extended: 'PARTS ON ORDER' } }, required: ['Status'] },
      answer: ref('Changed'),
      refusals: { ...noOrder, 400: 'There is no such status.' }
    })
  },
  '/v3/workorders/{id}/resolution': {
    post: operation(orders, 'Say how a work order was resolved', {
      parameters: [order],
      body: { example: { Resolution: 'Repaired and tested' }, required: ['Resolution'] },
      answer: ref('Changed'),
      refusals: { ...noOrder, 400: 'The resolution is missing.' }
    })
  },
  '/v3/workorders/{id}/notes': {
    get: operation('Notes', 'List the notes of a work order', {
      parameters: [order, inQuery('paging', text, 'The page and its size, such as 1:50.')],
      answer: ref('Notes'),
      refusals: { ...noOrder, 400: 'The page is not written so.' }
    }),
    post: operation('Notes', 'Add a note to a work order', {
      parameters: [order],
      body: { example: { Note: 'The technician is on the way' }, required: ['Note'] },
      status: 201,
      answer: ref('Made'),
      refusals: { ...noOrder, 400: 'The note is missing.' }
    })
  },
  '/v3/workorders/{id}/attachments': {
    post: operation('Attachments', 'Attach a file to a work order', {
      parameters: [order],
      upload: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] },
      answer: ref('Uploaded'),
      refusals: { ...noOrder, 400: 'There is no file.' }
    })
  },
  '/v3/workorders/{id}/universalCheckIn': {
    post: operation('Visits', 'Check in', {
      parameters: [order],
      answer: ref('Made'),
      refusals: { ...noOrder, 405: 'Somebody is checked in already.' }
    })
  },
  '/v3/workorders/{id}/universalCheckOut': {
    post: operation('Visits', 'Check out', {
      parameters: [order],
      answer: ref('Made'),
      refusals: { ...noOrder, 405: 'Nobody is checked in.' }
    })
  },
  '/v3/workorders/{id}/workactivities': {
    post: operation('Visits', 'Enter a visit by hand', {
      parameters: [order],
      body: { example: { TechsCount: 1, WorkType: 'Repair' }, required: [] },
      status: 201,
      answer: ref('Made'),
      refusals: { ...noOrder, 406: 'The very same was entered already.' }
    })
  }
}

const otherPaths: Record<string, Record<string, Operation>> = {
  '/v3/locations': {
    get: operation('Locations', 'List locations', {
      parameters: paging,
      answer: ref('Locations'),
      refusals: noPage
    })
  },
  '/v3/locations/{id}': {
    get: operation('Locations', 'Read a location', {
      parameters: [inPath(2090000001)],
      answer: ref('Location'),
      refusals: { 404: 'There is no such location.' }
    })
  },
  '/v3/trades': { get: operation('Lookups', 'List trades', { answer: list(ref('Trade')) }) },
  '/v3/categories': { get: operation('Lookups', 'List categories', { answer: list(ref('Category')) }) },
  '/v3/priorities': { get: operation('Lookups', 'List priorities', { answer: list(ref('Priority')) }) },
  '/v3/providers/getbytradeid': {
    get: operation('Lookups', 'List the providers for a trade', {
      parameters: [inQuery('tradeId', count, 'The id of the trade.', 5101)],
      answer: ref('Providers')
    })
  },
  '/v3/invoices': {
    post: operation('Invoices', 'Create an invoice', {
      body: {
        example: { InvoiceNumber: 'INV-9001', WoIdentifier: completedOrder, InvoiceTotal: 180.5 },
        required: ['InvoiceNumber', 'WoIdentifier']
      },
      status: 201,
      answer: ref('Made'),
      refusals: {
        400: 'Something is missing, the work order is not completed or is invoiced already, or the number is used.',
        404: 'There is no such work order.'
      }
    })
  },
  '/v3/invoices/{id}': {
    get: operation('Invoices', 'Read an invoice', {
      parameters: [inPath(390000000)],
      answer: ref('Invoice'),
      refusals: { 404: 'There is no such invoice.' }
    })
  },
  '/v3/users/current/profile': { get: operation('Users', 'Who the calls are made as', { answer: ref('Profile') }) }
}

/** The routes under `/v3`, without OData. */
export const restPaths = { ...workOrderPaths, ...otherPaths }
