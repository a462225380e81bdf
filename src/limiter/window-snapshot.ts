/** One window for a status page; times in ms from now. */
export interface WindowSnapshot {
  /** Calls per window in force: the configured ones, or fewer when the server refused calls. */
  limit: number
  configured: number
  /** As the server last stated it, in calls per `windowMs`. */
  stated: number | undefined
  windowMs: number
  /** Places that a call holds or held within the last window. */
  used: number
  /** Places other processes hold under the same quota; undefined when it is not shared. */
  elsewhere: number | undefined
  inFlight: number
  free: number
  nextPlaceInMs: number
  restingForMs: number
  /** One call is out to see whether the rest is over. */
  probing: boolean
  /** Calls refused by the server for this limit so far. */
  throttled: number
  /** Mean round trip of the recent calls. */
  roundTripMs: number
  /** Jobs Bottleneck has been given so far. */
  jobs: number
}
