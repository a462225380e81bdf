import type { Type as TypeBox } from 'typebox'

type Builders = Pick<
  typeof TypeBox,
  'String' | 'Boolean' | 'Integer' | 'Number' | 'Enum' | 'Array' | 'Object' | 'Record' | 'Optional'
>
type Schema = Record<string | symbol, unknown>
type Options = Record<string, unknown>

const optional = Symbol('optional')

/**
 * The few of TypeBox's builders the settings need, with its types and its results. TypeBox itself is some 370 files,
 * and to load them took as long as all else before the first call.
 */
export const Type = {
  String: (options?: Options) => ({ type: 'string', ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Enum: (values: readonly string[], options?: Options) => ({ enum: [...values], ...options }),
  Array: (items: Schema, options?: Options) => ({ type: 'array', items, ...options }),
  Object(properties: Record<string, Schema>, options?: Options) {
    const required = Object.keys(properties).filter((key) => !properties[key]?.[optional])
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
  },
  Record: ({ pattern }: Schema, value: Schema, options?: Options) => ({
    type: 'object',
    patternProperties: { [String(pattern)]: value },
    ...options
  }),
  Optional: (schema: Schema) => ({ ...schema, [optional]: true })
} as unknown as Builders
