import { type Document, isSwagger2, listOf, methods, objectOf, resolve, textOf } from './document.js'
import { exampleOf } from './example.js'
import { basePathOf, withoutCredentials } from './point-at.js'

/** One thing that can be asked of the API, with something filled in everywhere. */
export interface Operation {
  method: string
  /** As the description writes it, `/v3/workorders/{id}`, with the path before all paths. */
  path: string
  /** The first tag, or the first part of the path that says something. */
  group: string
  name: string
  description: string
  inPath: Filled[]
  inQuery: Filled[]
  inHeader: Filled[]
  body: Body | undefined
}

export interface Filled {
  name: string
  value: string
  isRequired: boolean
  description: string
}

export type Body =
  | { kind: 'text'; type: string; text: string }
  | { kind: 'form'; type: string; fields: (Filled & { isFile: boolean })[] }

/** Every operation of a document, in its order. */
export function operationsOf(document: Document): Operation[] {
  const base = basePathOf(document)
  return Object.entries(objectOf(document.paths)).flatMap(([path, item]) => {
    const found = resolve(document, item) ?? {}
    return methods.flatMap((method) => {
      if (found[method] === undefined) return []
      return readOperation(document, `${base}${path}`, method, objectOf(found[method]), found.parameters)
    })
  })
}

function readOperation(
  document: Document,
  path: string,
  method: string,
  operation: Readonly<Record<string, unknown>>,
  shared: unknown
): Operation {
  const parameters = parametersOf(document, shared, operation.parameters)
  const filled = (place: string) =>
    parameters.filter((parameter) => parameter.in === place).map((parameter) => fill(document, parameter))
  return {
    method: method.toUpperCase(),
    path,
    group: textOf(listOf(operation.tags)[0]) ?? groupOf(path),
    name: textOf(operation.summary) ?? path,
    description: textOf(operation.description) ?? '',
    inPath: filled('path'),
    inQuery: filled('query'),
    inHeader: filled('header').filter(({ name }) => !/^(?:accept|content-type)$/i.test(name)),
    body: isSwagger2(document) ? swaggerBody(document, operation, parameters) : requestBody(document, operation)
  }
}

/** Those of the operation replace those of the path that have the same name and place. */
function parametersOf(document: Document, ...lists: unknown[]): Readonly<Record<string, unknown>>[] {
  const known = new Map<string, Readonly<Record<string, unknown>>>()
  for (const parameter of lists.flatMap((list) => withoutCredentials(document, list))) {
    const found = resolve(document, parameter)
    if (found && textOf(found.name) !== undefined) known.set(`${found.in} ${found.name}`, found)
  }
  return [...known.values()]
}

function fill(document: Document, parameter: Readonly<Record<string, unknown>>): Filled {
  const { name, required, description, schema } = parameter
  const isRequired = required === true
  // Swagger 2.0 has the schema's keywords in the parameter itself.
  const from = schema ?? parameter
  // What may be left out is only filled in where the description says with what.
  const { example, default: preset } = resolve(document, from) ?? {}
  const value = firstExample(document, parameter) ?? (isRequired ? exampleOf(document, from) : (example ?? preset))
  return { name: String(name), value: asText(value), isRequired, description: textOf(description) ?? '' }
}

function requestBody(document: Document, operation: Readonly<Record<string, unknown>>): Body | undefined {
  const content = Object.entries(objectOf(resolve(document, operation.requestBody)?.content))
  const [type, media] = content.find(([name]) => /json/i.test(name)) ?? content[0] ?? []
  if (type === undefined) return undefined
  const { schema } = objectOf(media)
  if (isForm(type)) {
    const { properties, required } = resolve(document, schema) ?? {}
    const fields = Object.entries(objectOf(properties)).map(([name, property]) =>
      fieldOf(document, { name, schema: property, required: listOf(required).includes(name) })
    )
    return { kind: 'form', type, fields }
  }
  return textBody(type, firstExample(document, objectOf(media)) ?? exampleOf(document, schema))
}

function swaggerBody(
  document: Document,
  operation: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>>[]
): Body | undefined {
  const types = listOf(operation.consumes ?? document.consumes).map(String)
  const fields = parameters.filter((parameter) => parameter.in === 'formData')
  if (fields.length > 0) {
    const hasFile = fields.some(({ type }) => type === 'file')
    const type = types.find(isForm) ?? (hasFile ? 'multipart/form-data' : 'application/x-www-form-urlencoded')
    return { kind: 'form', type, fields: fields.map((field) => fieldOf(document, field)) }
  }
  const body = parameters.find((parameter) => parameter.in === 'body')
  if (!body) return undefined
  const type = types.find((name) => /json/i.test(name)) ?? types[0] ?? 'application/json'
  return textBody(type, exampleOf(document, body.schema))
}

function fieldOf(document: Document, parameter: Readonly<Record<string, unknown>>): Filled & { isFile: boolean } {
  const { type, format } = resolve(document, parameter.schema ?? parameter) ?? {}
  return { ...fill(document, parameter), isFile: type === 'file' || format === 'binary' }
}

function textBody(type: string, value: unknown): Body {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value, null, 2)
  return { kind: 'text', type, text }
}

/** `example`, or the first of `examples`, which are named (OpenAPI 3.1.1 §4.8.19). */
function firstExample(document: Document, holder: Readonly<Record<string, unknown>>): unknown {
  return holder.example ?? resolve(document, Object.values(objectOf(holder.examples))[0])?.value
}

const isForm = (type: string) => /^(?:multipart\/|application\/x-www-form-urlencoded)/i.test(type)

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** `workorders` of `/v3/odata/workorders({id})`. */
function groupOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && !/^(?:v\d+|api|odata|\{.*)$/i.test(part))
  return parts[0]?.replace(/\(.*$/, '') ?? 'other'
}
