/**
 * The longest wait, in whole seconds, that a client asks for with `Prefer: wait=n` (RFC 7240 section 4.3). Only the
 * first `wait` counts (section 2); one that is not a number of seconds is ignored, as preferences are.
 */
export function preferredWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  // What is inside quotes may look like anything.
  const text = String(header).replace(/"(?:\\.|[^"\\])*"/g, '""')
  const value = /(?:^|,)\s*wait\s*(?:=\s*([^\s,;]*))?\s*(?=[,;]|$)/i.exec(text)?.[1]
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined
}
