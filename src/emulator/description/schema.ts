/** A schema of OpenAPI 3.0.3, which is JSON Schema with `nullable`. */
export type Schema = Readonly<Record<string, unknown>>

export const text: Schema = { type: 'string' }
export const time: Schema = { type: 'string', format: 'date-time' }
export const flag: Schema = { type: 'boolean' }
export const count: Schema = { type: 'integer' }
/** Ids are 64-bit integers; those of notes are beyond what a double holds. */
export const id: Schema = { type: 'integer', format: 'int64' }
export const amount: Schema = { type: 'number', format: 'double' }

export const list = (items: Schema): Schema => ({ type: 'array', items })
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

/** The value or null. Not for a reference: beside `$ref` nothing else counts. */
export const orNull = (schema: Schema): Schema => ({ ...schema, nullable: true })

/** An object that has all of these fields and no others. */
export const record = (properties: Record<string, Schema>): Schema => ({
  ...rows(properties),
  required: Object.keys(properties)
})

/** An object that has some of these fields and no others, as OData shows what `$select` names. */
export const rows = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  properties,
  additionalProperties: false
})

/** A point in time and its twin with an offset. */
export const moments = (...names: string[]): Record<string, Schema> =>
  Object.fromEntries(
    names.flatMap((name) => [
      [name, orNull(time)],
      [`${name}_DTO`, orNull(time)]
    ])
  )
