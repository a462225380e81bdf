/**
 * How long a `Retry-After` header asks to wait, in ms, never negative (RFC 9110 section 10.2.3: an HTTP date or
 * seconds). A date is measured against the answer's own `Date` header, so that the two clocks need not agree, and
 * against `nowMs` (Unix time) when there is none. Fractions of seconds are accepted; undefined when the value means
 * nothing.
 */
export function retryAfterMs(value: string | undefined, date: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^-?\d+(?:\.\d+)?$/.test(text)) {
    // RFC 9111 section 1.2.2: no delay is longer than 2^31 seconds.
    return Math.ceil(Math.min(Math.max(0, Number(text)), 2 ** 31) * 1000)
  }
  const until = httpDate(text, nowMs)
  if (until === undefined) return undefined
  return Math.max(0, until - (httpDate(date?.trim() ?? '', nowMs) ?? nowMs))
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
/** RFC 9110 section 5.6.7: the form of today, then the two obsolete ones a recipient still has to read. */
const forms = [
  new RegExp(String.raw`^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) ${time} (?:GMT|UTC)$`, 'i'),
  new RegExp(String.raw`^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) ${time} (?:GMT|UTC)$`, 'i'),
  new RegExp(String.raw`^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) ${time} (?<year>\d{4})$`, 'i')
]

/** An HTTP date as Unix time in ms. `Date.parse` also reads things that are none, in the local zone. */
function httpDate(text: string, nowMs: number): number | undefined {
  for (const form of forms) {
    const found = form.exec(text)?.groups
    if (!found) continue
    const month = months.indexOf(found.month?.toLowerCase() ?? '')
    const day = Number(found.day)
    const [hour, minute, second] = [Number(found.hour), Number(found.minute), Number(found.second)]
    const year = fullYear(found.year ?? '', nowMs)
    const midnight = new Date(Date.UTC(year, month, day))
    if (month < 0 || midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return undefined
    if (hour > 23 || minute > 59 || second > 60) return undefined // 60: a leap second
    return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
  }
  return undefined
}

/** Two digits that would lie more than 50 years ahead mean the past century (RFC 9110 section 5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits)
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + Number(digits)
  return year > thisYear + 50 ? year - 100 : year
}
