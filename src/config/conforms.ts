import type { JsonSchema } from './settings.js'

/** Is a value as its schema says? Of JSON Schema it knows the keywords that settings without keys of their own have. */
export function conforms(schema: JsonSchema, value: unknown): boolean {
  if (schema.enum) return typeof value === 'string' && schema.enum.includes(value)
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string' && isText(schema, value)
    case 'integer':
    case 'number':
      return typeof value === 'number' && isNumber(schema, value)
    case 'array':
      return isList(schema, value)
    default:
      return false
  }
}

function isText({ minLength = 0, pattern = '' }: JsonSchema, value: string): boolean {
  return value.length >= minLength && new RegExp(pattern, 'u').test(value)
}

function isNumber({ type, minimum, maximum, exclusiveMinimum }: JsonSchema, value: number): boolean {
  if (!Number.isFinite(value) || (type === 'integer' && !Number.isInteger(value))) return false
  if (minimum !== undefined && value < minimum) return false
  if (maximum !== undefined && value > maximum) return false
  return exclusiveMinimum === undefined || value > exclusiveMinimum
}

function isList({ items = {}, minItems = 0 }: JsonSchema, value: unknown): boolean {
  return Array.isArray(value) && value.length >= minItems && value.every((item) => conforms(items, item))
}
