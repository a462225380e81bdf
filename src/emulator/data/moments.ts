const easternOffsetMs = -5 * 3_600_000

type Moment<Name extends string> = Record<Name | `${Name}_DTO`, string | null>

/**
 * A point in time as ServiceChannel writes it: the field in UTC and its twin `_DTO` with an offset. The twin is always in
 * US Eastern standard time here. Both are null for no time.
 */
export function moment<const Name extends string>(name: Name, time: number | null): Moment<Name>
export function moment(name: string, time: number | null): Record<string, string | null> {
  return { [name]: time === null ? null : utc(time), [`${name}_DTO`]: time === null ? null : eastern(time) }
}

/** An epoch time in milliseconds as `2026-05-01T14:03:09Z`. */
export function utc(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

function eastern(time: number): string {
  return `${new Date(time + easternOffsetMs).toISOString().slice(0, 19)}-05:00`
}
