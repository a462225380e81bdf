/**
 * ServiceChannel's published types call these fields doubles, and .NET writes a whole double as `250.0`. A client, or a
 * proxy that parses and writes JSON anew, turns that into `250`; so the form is kept here on purpose.
 */
const doubles = new Set(
  [
    'Nte Price Rate CheckInRange Radius Latitude Longitude Distance Subtotal InvoiceTax InvoiceTotal InvoiceBalance',
    'LaborAmount MaterialAmount TravelAmount FreightAmount OtherAmount PaymentAmount Tax2Amount'
  ].flatMap((line) => line.split(' '))
)

/**
 * Writes a value as JSON text: fields known to be doubles keep their decimal point, bigints become plain digits (note
 * ids are 64-bit and may lie beyond 2^53), and undefined fields are left out.
 */
export function writeJson(value: unknown, name = ''): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && Number.isInteger(value) && doubles.has(name)) return value.toFixed(1)
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item, name)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${writeJson(field, key)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
