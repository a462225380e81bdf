/** A Swagger 2.0 or OpenAPI 3 document: JSON that somebody else wrote, of which nothing is certain. */
export type Document = Readonly<Record<string, unknown>>

/** The methods a path item may describe (OpenAPI 3.1.1 §4.8.9.1). */
export const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/** The value if it is an object, else an empty one. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Whether it is the older of the two forms (Swagger 2.0), where servers, bodies and schemas stand elsewhere. */
export function isSwagger2(document: Document): boolean {
  return document.swagger === '2.0'
}

/**
 * What a local reference leads to (`#/components/schemas/Order`), references to references included; the value itself
 * when it is none. Undefined for one that leads nowhere, in a circle or out of the document: nothing is fetched.
 */
export function resolve(document: Document, value: unknown): Readonly<Record<string, unknown>> | undefined {
  let found = objectOf(value)
  for (let steps = 0; typeof found.$ref === 'string'; steps++) {
    if (steps === 10 || !found.$ref.startsWith('#/')) return undefined
    let target: unknown = document
    for (const key of found.$ref.slice(2).split('/').map(unescaped)) {
      target = Object.hasOwn(objectOf(target), key) ? objectOf(target)[key] : undefined
    }
    if (target === undefined) return undefined
    found = objectOf(target)
  }
  return found
}

/** A part of a JSON pointer in a fragment (RFC 6901 §6). */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return part
  }
}
