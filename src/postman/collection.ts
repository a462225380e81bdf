import type { Body, Filled, Operation } from '../openapi/operations.js'
import { stableId } from './stable-id.js'

export interface CollectionOptions {
  name: string
  description: string
  operations: readonly Operation[]
  /** Where requests go while no environment is chosen; empty sends them nowhere. */
  baseUrl: string
}

/**
 * A Postman collection, format 2.1.0 (https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html): one
 * folder per resource, one request per operation, nothing to log in with.
 */
export function collectionOf(options: CollectionOptions): object {
  const { name, description, operations, baseUrl } = options
  const groups = new Map<string, Operation[]>()
  for (const operation of operations) groups.set(operation.group, [...(groups.get(operation.group) ?? []), operation])
  return {
    info: {
      _postman_id: stableId(name),
      name,
      description,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'
    },
    auth: { type: 'noauth' },
    event: [
      script('prerequest', [
        "const key = pm.variables.get('clientKey')",
        "if (key) pm.request.headers.upsert({ key: 'x-sc-proxy-key', value: key })"
      ]),
      script('test', [
        "const code = pm.response.headers.get('x-sc-proxy-error')",
        "pm.test('sc-proxy let it through' + (code ? ', which it did not: ' + code : ''), () => pm.expect(code).to.not.be.ok)"
      ])
    ],
    variable: [
      { key: 'baseUrl', value: baseUrl, type: 'string' },
      { key: 'clientKey', value: '', type: 'string' }
    ],
    item: [...groups].map(([group, members]) => ({ name: group, item: members.map(itemOf) }))
  }
}

function itemOf({ method, path, name, description, inPath, inQuery, inHeader, body }: Operation): object {
  return {
    name,
    request: {
      method,
      ...(description && { description }),
      header: [...inHeader.map(pairOf), ...(body?.kind === 'text' ? [{ key: 'Content-Type', value: body.type }] : [])],
      ...(body && { body: bodyOf(body) }),
      url: urlOf(path, inPath, inQuery)
    },
    response: []
  }
}

/** A parameter that is a whole part of the path becomes a variable of the request; within a part Postman knows none. */
function urlOf(path: string, inPath: readonly Filled[], inQuery: readonly Filled[]): object {
  const variables: object[] = []
  const parts = path
    .slice(1)
    .split('/')
    .map((part) => {
      const whole = /^\{([^{}]+)\}$/.exec(part)?.[1]
      const found = (name: string) => inPath.find((parameter) => parameter.name === name)
      if (whole === undefined)
        return part.replace(/\{([^{}]+)\}/g, (_, name: string) => encodeURIComponent(found(name)?.value ?? ''))
      variables.push({ key: whole, value: found(whole)?.value ?? '', description: found(whole)?.description ?? '' })
      return `:${whole}`
    })
  const query = inQuery.map(pairOf)
  const text = inQuery.filter(({ isRequired }) => isRequired).map(({ name, value }) => `${name}=${value}`)
  return {
    raw: `{{baseUrl}}/${parts.join('/')}${text.length > 0 ? `?${text.join('&')}` : ''}`,
    host: ['{{baseUrl}}'],
    path: parts,
    ...(query.length > 0 && { query }),
    ...(variables.length > 0 && { variable: variables })
  }
}

function bodyOf(body: Body): object {
  if (body.kind === 'form') {
    const isUpload = /^multipart\//i.test(body.type)
    const fields = body.fields.map((field) =>
      field.isFile ? { ...pairOf(field), value: undefined, type: 'file', src: [] } : { ...pairOf(field), type: 'text' }
    )
    return isUpload ? { mode: 'formdata', formdata: fields } : { mode: 'urlencoded', urlencoded: fields }
  }
  const options = { raw: { language: /json/i.test(body.type) ? 'json' : 'text' } }
  return { mode: 'raw', raw: body.text, options }
}

/** What may be left out is there, switched off. */
function pairOf({ name, value, isRequired, description }: Filled): object {
  return { key: name, value, ...(description && { description }), ...(!isRequired && { disabled: true }) }
}

function script(listen: 'prerequest' | 'test', exec: string[]): object {
  return { listen, script: { type: 'text/javascript', exec } }
}
