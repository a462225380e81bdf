import { inPath, type Operation, odataOptions, operation } from './operation.js'
import { count, list, ref, type Schema, text } from './schema.js'

const page = (row: string): Schema => ({
  type: 'object',
  properties: {
    '@odata.context': text,
    '@odata.count': count,
    value: list(ref(row)),
    '@odata.nextLink': text
  },
  required: ['@odata.context', 'value'],
  additionalProperties: false
})

const badQuery = { 400: 'The query is not understood.' }

function listOf(row: string, summary: string, more: { parameters?: Operation[]; refusals?: object } = {}) {
  return {
    get: operation('OData', summary, {
      parameters: [...(more.parameters ?? []), ...odataOptions],
      answer: page(row),
      refusals: { ...badQuery, ...more.refusals }
    })
  }
}

const order = inPath(270000001)
const noOrder = { 404: 'There is no such work order.' }
const ofOrder = { parameters: [order], refusals: noOrder }

const broken = (summary: string, id?: number) => ({
  get: operation('OData routes that always fail', summary, {
    parameters: id === undefined ? [] : [inPath(id)],
    refusals: { 500: 'ServiceChannel has two actions for this address, and answers so for ever.' }
  })
})

/** The routes under `/v3/odata`. Ids stand in parentheses, as OData has them. */
export const odataPaths: Record<string, Record<string, Operation>> = {
  '/v3/odata/workorders': listOf('ODataWorkOrder', 'Query work orders'),
  '/v3/odata/workorders/filter': {
    post: operation('OData', 'Query work orders, with the options in the body', {
      body: { example: { Filter: "Status/Primary eq 'OPEN'", OrderBy: 'CallDate desc', Top: 10 }, required: [] },
      answer: page('ODataWorkOrder'),
      refusals: badQuery
    })
  },
  '/v3/odata/workorders({id})': {
    get: operation('OData', 'Read a work order', {
      parameters: [order, ...odataOptions.filter(({ name }) => name === '$select' || name === '$expand')],
      answer: ref('ODataWorkOrderAlone'),
      refusals: { ...badQuery, ...noOrder }
    })
  },
  '/v3/odata/workorders({id})/notes': listOf('ODataNote', 'Query the notes of a work order', ofOrder),
  '/v3/odata/workorders({id})/attachments': listOf('ODataAttachment', 'Query the attachments of a work order', ofOrder),
  '/v3/odata/workorders({id})/workactivities': listOf('ODataActivity', 'Query the visits of a work order', ofOrder),
  '/v3/odata/locations': listOf('ODataLocation', 'Query locations'),
  '/v3/odata/invoices': listOf('ODataInvoice', 'Query invoices'),
  '/v3/odata/trades': listOf('ODataTrade', 'Query trades'),
  '/v3/odata/users': listOf('ODataUser', 'Query users'),
  '/v3/odata/locations({id})': broken('Read a location', 2090000001),
  '/v3/odata/invoices({id})': broken('Read an invoice', 390000000),
  '/v3/odata/providers': broken('Query providers'),
  '/v3/odata/assets': broken('Query assets')
}
