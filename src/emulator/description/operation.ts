import { count, id, ref, type Schema, text } from './schema.js'

/** An operation as OpenAPI 3 writes it. */
export type Operation = Readonly<Record<string, unknown>>
export type Parameter = Readonly<Record<string, unknown>>

export interface OperationOptions {
  /** Default 200. */
  status?: number
  /** What an answer of that status holds; without one the route only ever fails. */
  answer?: Schema
  parameters?: Parameter[]
  /** An example of a JSON body, and which of its fields must be there. */
  body?: { example: Record<string, unknown>; required: string[] }
  /** The form fields of an upload. */
  upload?: Schema
  /** How it may refuse, by status. */
  refusals?: Record<number, string>
}

const json = (schema: Schema, example?: unknown) => ({
  'application/json': { schema, ...(example !== undefined && { example }) }
})

/** Describes one route. Any may be refused with 401: so the API answers a missing permission. */
export function operation(tag: string, summary: string, options: OperationOptions): Operation {
  const { status = 200, answer, parameters = [], body, upload, refusals = {} } = options
  const responses: Record<string, object> = {
    ...(answer && { [status]: { description: 'Done.', content: json(answer) } }),
    401: { description: 'The user lacks the permission.', content: json(ref('Error')) }
  }
  for (const [code, description] of Object.entries(refusals)) {
    // What nobody handled has another form than what was refused.
    const isException = code === '500' && !answer
    responses[code] = { description, content: json(ref(isException ? 'Exception' : 'Error')) }
  }
  const content = upload
    ? { 'multipart/form-data': { schema: upload } }
    : body && json({ type: 'object', required: body.required }, body.example)
  return {
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(content && { requestBody: { required: true, content } }),
    responses
  }
}

/** An id in the path. */
export const inPath = (example: number): Parameter => ({
  name: 'id',
  in: 'path',
  required: true,
  schema: id,
  example
})

export function inQuery(name: string, schema: Schema, description: string, example?: unknown): Parameter {
  return { name, in: 'query', schema, description, ...(example !== undefined && { required: true, example }) }
}

/** Pages as REST lists have them. */
export const paging: Parameter[] = [
  inQuery('page', { ...count, default: 1, minimum: 1 }, 'The page, from 1.'),
  inQuery('pageSize', { ...count, default: 50, minimum: 1 }, 'Rows on a page; more than 50 count as 50.')
]

/** The options of an OData query that the emulator knows. */
export const odataOptions: Parameter[] = [
  inQuery('$filter', text, "Which rows, such as Status/Primary eq 'OPEN' and contains(Description,'leak')."),
  inQuery('$orderby', text, 'In which order, such as CallDate desc.'),
  inQuery('$select', text, 'Which fields, such as Id,Number.'),
  inQuery('$expand', text, 'What else to show of each row, such as Provider.'),
  inQuery('$top', count, 'The most rows; 50 at most.'),
  inQuery('$skip', count, 'Rows to leave out at the beginning.'),
  inQuery('$count', { type: 'boolean' }, 'Whether to count all rows that match.')
]
